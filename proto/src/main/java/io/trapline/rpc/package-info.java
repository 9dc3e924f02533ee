/** How refusals travel: between {@link io.trapline.model.Refusal} and gRPC statuses (section E of the semantics). */
@NullMarked
package io.trapline.rpc;

import org.jspecify.annotations.NullMarked;

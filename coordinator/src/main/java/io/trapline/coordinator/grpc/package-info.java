/** The coordinator's services: what arrives is checked, carried out, and answered as section E of the semantics says. */
@NullMarked
package io.trapline.coordinator.grpc;

import org.jspecify.annotations.NullMarked;

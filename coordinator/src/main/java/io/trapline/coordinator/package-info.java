/** The coordinator: the registry, and what replicates and serves it. */
@NullMarked
package io.trapline.coordinator;

import org.jspecify.annotations.NullMarked;

@NullMarked
package io.trapline.coordinator.grpc;

import org.jspecify.annotations.NullMarked;

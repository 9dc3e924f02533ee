@NullMarked
package io.trapline.coordinator.lease;

import org.jspecify.annotations.NullMarked;

@NullMarked
package io.trapline.coordinator.registry;

import org.jspecify.annotations.NullMarked;

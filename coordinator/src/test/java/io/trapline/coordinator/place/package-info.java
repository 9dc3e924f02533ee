@NullMarked
package io.trapline.coordinator.place;

import org.jspecify.annotations.NullMarked;

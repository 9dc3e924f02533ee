@NullMarked
package io.trapline.coordinator.backup;

import org.jspecify.annotations.NullMarked;

@NullMarked
package io.trapline.coordinator.commit;

import org.jspecify.annotations.NullMarked;

/** Where copies of shards are made (D-24, D-27). */
@NullMarked
package io.trapline.coordinator.place;

import org.jspecify.annotations.NullMarked;

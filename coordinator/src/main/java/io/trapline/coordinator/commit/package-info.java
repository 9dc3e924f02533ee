/** Group commit: commands become log entries, one entry under way at a time. */
@NullMarked
package io.trapline.coordinator.commit;

import org.jspecify.annotations.NullMarked;

/** Backups of the registry as files, and what begins from one. */
@NullMarked
package io.trapline.coordinator.backup;

import org.jspecify.annotations.NullMarked;

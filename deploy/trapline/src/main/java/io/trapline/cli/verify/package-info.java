/** Examines an emulator that somebody wrote, as a scripted guest, against a model of what its device must do. */
@NullMarked
package io.trapline.cli.verify;

import org.jspecify.annotations.NullMarked;

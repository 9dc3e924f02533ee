/** What the scripts at the root do before any Java runs. */
@NullMarked
package io.trapline.launcher;

import org.jspecify.annotations.NullMarked;

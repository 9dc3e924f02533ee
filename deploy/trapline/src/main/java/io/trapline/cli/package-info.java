/** The command line. */
@NullMarked
package io.trapline.cli;

import org.jspecify.annotations.NullMarked;

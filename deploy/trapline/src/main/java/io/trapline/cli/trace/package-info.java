/** Reads logs of real device accesses: Linux' mmiotrace text and QEMU's memory-region trace events. Knows no cluster. */
@NullMarked
package io.trapline.cli.trace;

import org.jspecify.annotations.NullMarked;

/** Sends a recorded log of device accesses through a cluster and checks that everybody sees what was recorded. */
@NullMarked
package io.trapline.cli.replay;

import org.jspecify.annotations.NullMarked;

/** The one port of a process: what listens there, and what stands in front of every service. */
@NullMarked
package io.trapline.server;

import org.jspecify.annotations.NullMarked;

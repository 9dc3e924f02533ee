/** What a process says of itself in Prometheus' text format. */
@NullMarked
package io.trapline.metrics;

import org.jspecify.annotations.NullMarked;

/** What {@code chaos} breaks: clusters of this machine, and what can be done to each. */
@NullMarked
package io.trapline.cli.chaos;

import org.jspecify.annotations.NullMarked;

/** The node: guest memory, IOREQ servers, and what serves them. */
@NullMarked
package io.trapline.node;

import org.jspecify.annotations.NullMarked;

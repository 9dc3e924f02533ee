/** Tests of IOREQ servers at a node. */
@NullMarked
package io.trapline.node.ioreq;

import org.jspecify.annotations.NullMarked;

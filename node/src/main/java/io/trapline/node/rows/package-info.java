/** Columns of rows that actors pass to each other: primitive arrays, so that an access costs no object of its own. */
@NullMarked
package io.trapline.node.rows;

import org.jspecify.annotations.NullMarked;

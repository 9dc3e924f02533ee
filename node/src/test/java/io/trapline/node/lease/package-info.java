@NullMarked
package io.trapline.node.lease;

import org.jspecify.annotations.NullMarked;

@NullMarked
package io.trapline.node.peer;

import org.jspecify.annotations.NullMarked;

@NullMarked
package io.trapline.node.memory;

import org.jspecify.annotations.NullMarked;

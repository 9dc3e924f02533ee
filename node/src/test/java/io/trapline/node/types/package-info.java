@NullMarked
package io.trapline.node.types;

import org.jspecify.annotations.NullMarked;

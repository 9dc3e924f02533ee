@NullMarked
package io.trapline.node;

import org.jspecify.annotations.NullMarked;

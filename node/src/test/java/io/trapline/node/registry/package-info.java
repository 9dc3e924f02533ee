@NullMarked
package io.trapline.node.registry;

import org.jspecify.annotations.NullMarked;

/** Changing and listing the types of pages, over all shards of a domain (T6). */
@NullMarked
package io.trapline.node.types;

import org.jspecify.annotations.NullMarked;

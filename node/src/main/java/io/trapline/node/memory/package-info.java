/** Reading and writing pages themselves and changing their types: the service that clients call (F2, T6). */
@NullMarked
package io.trapline.node.memory;

import org.jspecify.annotations.NullMarked;

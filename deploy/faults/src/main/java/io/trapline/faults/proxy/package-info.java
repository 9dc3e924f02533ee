/** Connections that can be broken on purpose. */
@NullMarked
package io.trapline.faults.proxy;

import org.jspecify.annotations.NullMarked;

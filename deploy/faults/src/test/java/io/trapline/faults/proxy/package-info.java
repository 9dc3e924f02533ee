/** Tests of the package of the same name. */
@NullMarked
package io.trapline.faults.proxy;

import org.jspecify.annotations.NullMarked;

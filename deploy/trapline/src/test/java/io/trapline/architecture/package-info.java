/** Which code may know which, checked over the compiled classes of all modules. */
@NullMarked
package io.trapline.architecture;

import org.jspecify.annotations.NullMarked;

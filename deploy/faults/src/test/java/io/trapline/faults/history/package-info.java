/** Tests of histories and their files. */
@NullMarked
package io.trapline.faults.history;

import org.jspecify.annotations.NullMarked;

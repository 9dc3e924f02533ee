/** Side-by-side benchmarks. */
@NullMarked
package io.trapline.bench;

import org.jspecify.annotations.NullMarked;

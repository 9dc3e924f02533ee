/** Turns the program's class path into the files that a distribution carries. Runs while one is built; is no part of it. */
@NullMarked
package io.trapline.distribution;

import org.jspecify.annotations.NullMarked;

/** What the tests of all modules share; nothing that runs depends on it. */
@NullMarked
package io.trapline.testing;

import org.jspecify.annotations.NullMarked;

/** What the documents promise about the sources. */
@NullMarked
package io.trapline.docs;

import org.jspecify.annotations.NullMarked;

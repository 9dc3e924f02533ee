/** The shared vocabulary: the domain's own words as types. Depends on the JDK and on JSpecify alone. */
@NullMarked
package io.trapline.model;

import org.jspecify.annotations.NullMarked;

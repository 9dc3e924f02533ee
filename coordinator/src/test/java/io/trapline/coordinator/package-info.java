@NullMarked
package io.trapline.coordinator;

import org.jspecify.annotations.NullMarked;

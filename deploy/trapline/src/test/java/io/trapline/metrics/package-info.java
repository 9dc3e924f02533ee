@NullMarked
package io.trapline.metrics;

import org.jspecify.annotations.NullMarked;

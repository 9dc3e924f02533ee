@NullMarked
package io.trapline.client;

import org.jspecify.annotations.NullMarked;

/** The Java client: the guest's side, the emulator's side, and operations. */
@NullMarked
package io.trapline.client;

import org.jspecify.annotations.NullMarked;

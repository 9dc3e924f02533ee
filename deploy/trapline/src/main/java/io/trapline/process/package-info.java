/** Coordinators and nodes as processes of their own: their settings, what they are made of, and a supervisor that runs several of them here. */
@NullMarked
package io.trapline.process;

import org.jspecify.annotations.NullMarked;

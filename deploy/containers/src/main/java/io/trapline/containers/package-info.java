/** Trapline's image in containers on a private network, as tests use it. It knows the image and its command line, and nothing of what is in it. */
@NullMarked
package io.trapline.containers;

import org.jspecify.annotations.NullMarked;

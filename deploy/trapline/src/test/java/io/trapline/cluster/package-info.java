/** Several nodes of one cluster in one JVM, which reach each other by gRPC on loopback. */
@NullMarked
package io.trapline.cluster;

import org.jspecify.annotations.NullMarked;

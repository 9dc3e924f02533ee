/** A whole cluster in this process: a coordinator, a node and one port on which all services are. */
@NullMarked
package io.trapline.embedded;

import org.jspecify.annotations.NullMarked;

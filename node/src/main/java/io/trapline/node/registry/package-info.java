/** The node's side of the registry: the session that brings its changes, the views that actors are given, and the commands that a node proposes. */
@NullMarked
package io.trapline.node.registry;

import org.jspecify.annotations.NullMarked;

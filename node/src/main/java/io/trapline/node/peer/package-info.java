/**
 * Links between nodes: frames from one life of a node to one life of another, which arrive once each, in order by class, and never faster than the receiver's
 * actors take them (D-18, D-19). The rules are pure; actors connect, and translate rows to messages and back.
 */
@NullMarked
package io.trapline.node.peer;

import org.jspecify.annotations.NullMarked;

/**
 * What the actors of a node say to each other. Apart from the actors, since shards, servers and vCPUs all talk to one another and their packages
 * must not depend on each other in a circle.
 */
@NullMarked
package io.trapline.node.protocol;

import org.jspecify.annotations.NullMarked;

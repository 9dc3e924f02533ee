/** Nodes and clients that are there: the sessions of nodes, what they have applied (rule 0), drains, and the silence of clients. */
@NullMarked
package io.trapline.coordinator.lease;

import org.jspecify.annotations.NullMarked;

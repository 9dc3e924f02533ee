package io.trapline.node.registry;

import io.trapline.model.Pure;
import io.trapline.node.protocol.Life;

/**
 * A node of the cluster.
 *
 * @param life its life of now; incarnation 0 = the last one is over
 * @param address where it is reached, {@code host:port}
 * @param draining whether what it has goes elsewhere (D-27)
 */
@Pure
public record PeerNode(Life life, String address, boolean draining) {}

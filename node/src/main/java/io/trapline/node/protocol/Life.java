package io.trapline.node.protocol;

import io.trapline.model.Pure;

/**
 * One life of a node's process.
 *
 * @param node the node's name
 * @param incarnation random, not 0
 */
@Pure
public record Life(String node, long incarnation) {
    @Override
    public String toString() {
        return node + "/" + Long.toHexString(incarnation);
    }
}

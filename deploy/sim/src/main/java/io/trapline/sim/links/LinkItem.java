package io.trapline.sim.links;

import io.trapline.node.peer.TrafficClass;
import io.trapline.node.protocol.Life;

/**
 * What one life tells another.
 *
 * @param index of its class between the two, 1 and up
 * @param offeredNanos when, in true time
 */
record LinkItem(Life from, Life to, TrafficClass of, long index, int bytes, long offeredNanos) {
    @Override
    public String toString() {
        return from + "→" + to + " " + of + " " + index + " (" + bytes + " bytes)";
    }
}

package io.trapline.node.registry;

import io.trapline.node.protocol.EmulatorLine;
import io.trapline.node.protocol.ServerRoute;

/**
 * An IOREQ server of a domain as this node's services see it.
 *
 * @param id 0 … 63
 * @param generation the revision at which it was created
 * @param principal who created it (S3)
 * @param homeEpoch the revision at which it came to its home (D-22)
 * @param line its emulators' streams (S5)
 * @param route its home, where its gate is
 * @param here where an emulator attaches that has come to this node
 */
public record ServerHandle(
        int id,
        long generation,
        String principal,
        long homeEpoch,
        EmulatorLine line,
        ServerRoute route,
        ServerRoute here) {
    /** The same with those streams. */
    ServerHandle withLine(EmulatorLine now) {
        return new ServerHandle(id, generation, principal, homeEpoch, now, route, here);
    }
}

package io.trapline.sim.world.hosts;

import io.trapline.sim.world.cluster.host.SimStream;
import io.trapline.sim.world.part.Stream;
import java.util.function.Supplier;

/** A client's stream to a node. */
final class ClientStream implements Stream {
    private final SimStream stream;
    private int underWayToClient;
    private boolean isCut;

    ClientStream(SimStream stream, Runnable lostAtClient, Runnable lostAtNode) {
        this.stream = stream;
        stream.onLostAtClient(() -> {
            isCut = true;
            lostAtClient.run();
        });
        stream.onLostAtServer(() -> {
            isCut = true;
            lostAtNode.run();
        });
    }

    @Override
    public boolean isCut() {
        return isCut;
    }

    @Override
    public void toNode(Supplier<String> what, Runnable arrive) {
        stream.toServer(what, arrive);
    }

    @Override
    public void toClient(Supplier<String> what, Runnable arrive) {
        if (!isCut) {
            underWayToClient++;
            stream.toClient(what, () -> {
                underWayToClient--;
                arrive.run();
            });
        }
    }

    @Override
    public int underWayToClient() {
        return underWayToClient;
    }

    @Override
    public void cut() {
        stream.fail();
    }

    @Override
    public void end(Supplier<String> what, Runnable client) {
        if (!isCut) {
            isCut = true;
            stream.endAtServer(what, client);
        }
    }
}

package io.trapline.sim.world.hosts;

import io.trapline.sim.world.cluster.host.SimStream;
import io.trapline.sim.world.part.Stream;
import java.util.function.Supplier;

/** A client's stream to a node. */
final class ClientStream implements Stream {
    private final SimStream stream;
    private final Runnable over;
    private int underWayToClient;
    private boolean isCut;

    /** @param over run in front of whatever the client does when it hears that the stream is over */
    ClientStream(SimStream stream, Runnable over, Runnable lostAtClient, Runnable lostAtNode) {
        this.stream = stream;
        this.over = over;
        stream.onLostAtClient(() -> {
            isCut = true;
            over.run();
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
            stream.endAtServer(what, () -> {
                over.run();
                client.run();
            });
        }
    }
}

package io.trapline.sim.world;

import io.trapline.sim.world.part.Stream;
import java.util.function.Supplier;

/** One stream over a network: each direction in order, until it is cut and what is on its way is lost in both. */
final class Network implements Stream {
    private final Schedule schedule;
    private final Channel up;
    private final Channel down;
    private final Runnable lostAtClient;
    private final Runnable lostAtNode;
    private boolean isCut;

    Network(Schedule schedule, String name, Runnable lostAtClient, Runnable lostAtNode) {
        this.schedule = schedule;
        this.lostAtClient = lostAtClient;
        this.lostAtNode = lostAtNode;
        up = schedule.channel(name + " up");
        down = schedule.channel(name + " down");
    }

    @Override
    public boolean isCut() {
        return isCut;
    }

    @Override
    public void toNode(Supplier<String> what, Runnable arrive) {
        if (!isCut) {
            up.tell(what, arrive);
        }
    }

    @Override
    public void toClient(Supplier<String> what, Runnable arrive) {
        if (!isCut) {
            down.tell(what, arrive);
        }
    }

    @Override
    public int underWayToClient() {
        return down.size();
    }

    @Override
    public void cut() {
        if (!isCut) {
            isCut = true;
            schedule.remove(up);
            schedule.remove(down);
            schedule.channel(up.name() + " lost").tell("client hears that the stream is lost", lostAtClient);
            schedule.channel(down.name() + " lost").tell("node hears that the stream is lost", lostAtNode);
        }
    }

    @Override
    public void end(Supplier<String> what, Runnable client) {
        if (!isCut) {
            isCut = true;
            schedule.remove(up);
            down.tell(what, client);
        }
    }
}

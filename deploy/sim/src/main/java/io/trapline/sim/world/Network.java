package io.trapline.sim.world;

import java.util.function.Supplier;

/** One stream over a network: each direction in order, until it is cut and what is on its way is lost in both. */
final class Network {
    private final Schedule schedule;
    private final Channel up;
    private final Channel down;
    private boolean isCut;

    Network(Schedule schedule, String name) {
        this.schedule = schedule;
        up = schedule.channel(name + " up");
        down = schedule.channel(name + " down");
    }

    boolean isCut() {
        return isCut;
    }

    void toNode(Supplier<String> what, Runnable arrive) {
        if (!isCut) {
            up.tell(what, arrive);
        }
    }

    void toClient(Supplier<String> what, Runnable arrive) {
        if (!isCut) {
            down.tell(what, arrive);
        }
    }

    /** How many messages are on their way to the client. */
    int underWayToClient() {
        return down.size();
    }

    /** Both ends hear of it some time later. */
    void cut(Runnable client, Runnable node) {
        if (!isCut) {
            isCut = true;
            schedule.remove(up);
            schedule.remove(down);
            schedule.channel(up.name() + " lost").tell("client hears that the stream is lost", client);
            schedule.channel(down.name() + " lost").tell("node hears that the stream is lost", node);
        }
    }

    /** The node ends it: what it said before arrives first. */
    void end(Supplier<String> what, Runnable client) {
        if (!isCut) {
            isCut = true;
            schedule.remove(up);
            down.tell(what, client);
        }
    }
}

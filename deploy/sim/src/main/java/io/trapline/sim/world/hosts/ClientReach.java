package io.trapline.sim.world.hosts;

import io.trapline.sim.world.cluster.host.Agenda;
import io.trapline.sim.world.cluster.host.SimHost;
import io.trapline.sim.world.cluster.host.SimStream;
import io.trapline.sim.world.part.Reach;
import org.jspecify.annotations.Nullable;

/** A client's addresses: it stays with a node while it is well there, and goes to another one, if it knows any, when it has lost a stream. */
final class ClientReach implements Reach {
    private final Hosts hosts;
    private final Agenda agenda;
    private final SimHost clients;
    private final boolean knowsAll;
    private SimHost at;
    private @Nullable SimHost next;

    ClientReach(Hosts hosts, Agenda agenda, SimHost clients, SimHost at, boolean knowsAll) {
        this.hosts = hosts;
        this.agenda = agenda;
        this.clients = clients;
        this.at = at;
        this.knowsAll = knowsAll;
    }

    @Override
    public Connection open(String name, Runnable lostAtClient, Runnable lostAtNode) {
        HostNode node = hosts.lastLife(at);
        SimStream stream = hosts.net.open(clients, at, opened -> {});
        Runnable goesOn = () -> {
            SimHost sent = next;
            next = null;
            if (sent != null) {
                at = sent;
            } else if (knowsAll && !agenda.oneIn(3)) {
                at = agenda.oneOf(hosts.nodeHosts);
            }
        };
        return new Connection(new ClientStream(stream, goesOn, lostAtClient, lostAtNode), node.node());
    }

    /** Where it opens a stream when the one that it has is over. */
    void goTo(SimHost host) {
        next = host;
    }
}

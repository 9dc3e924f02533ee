package io.trapline.sim;

import io.trapline.sim.links.LinkWorld;
import io.trapline.sim.run.WorldKind;
import io.trapline.sim.world.World;
import io.trapline.sim.world.cluster.ClusterWorld;
import io.trapline.sim.world.hosts.HostsWorld;
import java.util.List;

/** Every kind of world that there is. */
public final class Worlds {
    /** One coordinator and one node in one process. */
    public static final WorldKind NODE = World.kind();

    /** Links between nodes, alone. */
    public static final WorldKind LINKS = LinkWorld.kind();

    /** Coordinators and nodes on hosts of their own. */
    public static final WorldKind CLUSTER = ClusterWorld.kind();

    /** Guests, their domain and its servers at nodes on hosts of their own. */
    public static final WorldKind HOSTS = HostsWorld.kind();

    private Worlds() {}

    /** All of them, in the order in which they are run. */
    public static List<WorldKind> all() {
        return List.of(NODE, LINKS, CLUSTER, HOSTS);
    }
}

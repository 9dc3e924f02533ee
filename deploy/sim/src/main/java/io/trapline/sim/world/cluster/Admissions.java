package io.trapline.sim.world.cluster;

import io.trapline.coordinator.raft.Admission;
import io.trapline.sim.world.cluster.host.SimHost;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;

/** What a coordinator may do with the disk that it finds, by the real rules (D-2). Whoever starts it repeats the flags of the first time. */
final class Admissions {
    private static final String CLUSTER = "the cluster";

    private final Cluster cluster;

    Admissions(Cluster cluster) {
        this.cluster = cluster;
    }

    /** @param wiped the hosts whose disks were lost */
    Admission.Decision decide(SimHost host, Set<SimHost> wiped) {
        List<String> others = cluster.coordinatorHosts.stream()
                .filter(other -> other != host)
                .map(SimHost::name)
                .toList();
        Admission.Flags flags =
                new Admission.Flags(Admission.Told.BOOTSTRAP, Optional.of(CLUSTER), host.name(), others);
        Admission.Found found = wiped.contains(host)
                ? new Admission.Found(Admission.State.EMPTY, "", "", false)
                : new Admission.Found(Admission.State.MEMBER, CLUSTER, host.name(), true);
        Admission.Decision decision = Admission.decide(found, flags, said(host));
        if (decision instanceof Admission.Become become) {
            return Admission.decide(
                    new Admission.Found(become.state(), CLUSTER, host.name(), false), flags, said(host));
        }
        return decision;
    }

    /** What the others answer that can be asked now. */
    private Map<String, Optional<Admission.Said>> said(SimHost host) {
        Map<String, Optional<Admission.Said>> said = new TreeMap<>();
        for (SimHost other : cluster.coordinatorHosts) {
            if (other != host) {
                boolean answers = other.runs() && cluster.net.reaches(host, other) && cluster.net.reaches(other, host);
                said.put(
                        other.name(),
                        answers
                                ? Optional.of(new Admission.Said(Admission.State.MEMBER, CLUSTER, Optional.empty()))
                                : Optional.empty());
            }
        }
        return said;
    }
}

package io.trapline.faults.containers;

import io.trapline.client.DomainRef;
import io.trapline.faults.chaos.Fault;
import io.trapline.faults.chaos.Outlook;
import io.trapline.faults.chaos.Target;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.Optional;

/** Members that end as they do for an upgrade, one after the other, each once all are whole again. Used by one thread. */
final class Restarts {
    private static final Duration UP = Duration.ofSeconds(90);
    /** Longer than a node's drain (30 s), what it gives to calls after it (5 s), and a coordinator's handing over. */
    private static final int GRACE_SECONDS = 60;

    private final Members members;
    private final Outlook outlook;
    private final Target.Domains domains;

    Restarts(Members members, Outlook outlook, Target.Domains domains) {
        this.members = members;
        this.outlook = outlook;
        this.domains = domains;
    }

    /** Nodes only: each drains first, so that no memory is lost by it, wherever it is (D4). */
    Fault ofNodes(String name) {
        return of(name, "every node", members.nodes(), this::restart);
    }

    Fault ofCoordinators(String name) {
        return of(name, "every coordinator", members.coordinators(), this::restart);
    }

    /** As they are restarted, each with a new container of another image of the same program. */
    Fault upgradeOfNodes(String name) {
        return of(name, "every node", members.nodes(), this::upgrade);
    }

    Fault upgradeOfCoordinators(String name) {
        return of(name, "every coordinator", members.coordinators(), this::upgrade);
    }

    private interface Anew {
        /** Returns what the one that ended ended with. */
        long start(String id) throws IOException, InterruptedException;
    }

    private Fault of(String name, String target, List<String> ids, Anew anew) {
        return new Fault(name, Optional.empty(), Duration.ZERO, random -> {
            for (String id : ids) {
                members.awaitAllUp(UP.toMillis());
                outlook.awaitRedundant(
                        DomainRef.of(domains.lasting()), UP, () -> List.of("before the restart of " + id));
                long exit = anew.start(id);
                if (exit != 0) {
                    throw new IOException(id + " did not end as one that was asked to: exit code " + exit);
                }
            }
            return new Fault.Broken() {
                @Override
                public String target() {
                    return target;
                }

                @Override
                public void heal() {}

                @Override
                public String effect() {
                    return ids.size() + " members restarted";
                }
            };
        });
    }

    private long restart(String id) {
        try {
            members.container(id).end(GRACE_SECONDS);
            return members.exit(id);
        } finally {
            members.startAgain(id);
        }
    }

    private long upgrade(String id) {
        return members.upgrade(id, GRACE_SECONDS);
    }
}

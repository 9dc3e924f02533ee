package io.trapline.faults.containers;

import io.trapline.client.DomainRef;
import io.trapline.client.TraplineConnection;
import io.trapline.faults.chaos.Fault;
import io.trapline.faults.chaos.Outlook;
import io.trapline.faults.chaos.Promotions;
import io.trapline.faults.chaos.Target;
import io.trapline.v1.DomainShard;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.SplittableRandom;

/** The library of what can be done to containers and to the network between them. Used by one thread. */
final class ContainerFaults {
    /** Longer than a lease, its margin, and an election. */
    private static final Duration BEYOND_A_LEASE = Duration.ofSeconds(3);

    /** Who asks may be at the member that is silent, and asks another only when it has waited for that. */
    private static final Duration NOTICED = Duration.ofSeconds(10);

    private static final Duration DEAD = Duration.ofMillis(1_500);
    private static final Duration APART = Duration.ofMillis(1_500);
    private static final Duration POOR = Duration.ofSeconds(3);

    private final Members members;
    private final TraplineConnection observer;
    private final Outlook outlook;
    private final Target.Domains domains;
    private final Promotions promotions;
    private final Links links;
    private final Shortages shortages;
    private final Restarts restarts;

    ContainerFaults(Members members, TraplineConnection observer, Target.Domains domains, Promotions promotions) {
        this.members = members;
        this.observer = observer;
        this.outlook = new Outlook(observer);
        this.domains = domains;
        this.promotions = promotions;
        this.links = new Links(members);
        this.shortages = new Shortages(members, DomainRef.of(domains.lasting()));
        this.restarts = new Restarts(members, outlook, domains);
    }

    private interface Which {
        String member() throws IOException, InterruptedException;
    }

    /** What is done to a member. */
    private interface Harm {
        void to(String id) throws IOException, InterruptedException;
    }

    /** All kinds. */
    List<Fault> all() {
        Optional<String> noLinks = HostCommands.unavailable();
        return List.of(
                kill("kill-leader", this::leader),
                kill("kill-follower", this::follower),
                kill("kill-primary", this::primary),
                kill("kill-other-node", this::other),
                lapse("pause-leader", BEYOND_A_LEASE, this::leader, this::freeze, this::thaw),
                lapse("pause-primary", BEYOND_A_LEASE, this::primary, this::freeze, this::thaw),
                lapse("disconnect-leader", BEYOND_A_LEASE, this::leader, members::disconnect, members::reconnect),
                lapse("disconnect-primary", BEYOND_A_LEASE, this::primary, members::disconnect, members::reconnect),
                linked(lapse("part-leader", BEYOND_A_LEASE, this::leader, this::fromCoordinators, links::heal)),
                links("part-nodes", noLinks, APART, (one, other) -> {
                    links.deafen(one, other);
                    links.deafen(other, one);
                }),
                links("part-nodes-one-way", noLinks, APART, links::deafen),
                links("lose-between-nodes", noLinks, POOR, (one, other) -> {
                    links.lose(one, other);
                    links.lose(other, one);
                }),
                links("reset-between-nodes", noLinks, APART, links::reset),
                links("slow-link", noLinks, POOR, (one, other) -> {
                    links.slow(one);
                    links.slow(other);
                }),
                links("delay-between-nodes", noLinks, POOR, (one, other) -> {
                    links.delay(one, other);
                    links.delay(other, one);
                }),
                starve(),
                linked(lapse(
                        "exhaust-memory-primary",
                        DEAD,
                        true,
                        this::primary,
                        shortages::ofMemory,
                        shortages::noMoreOfMemory)),
                lapse("fill-disk-leader", BEYOND_A_LEASE, this::leader, shortages::ofDisk, shortages::noMoreOfDisk),
                restarts.ofNodes("restart-nodes"),
                restarts.ofCoordinators("restart-coordinators"),
                restarts.upgradeOfNodes("upgrade-nodes"),
                restarts.upgradeOfCoordinators("upgrade-coordinators"),
                unavailable("skew-clock", "containers have the machine's clock, and leases go by the monotonic one"));
    }

    private static Fault linked(Fault fault) {
        return new Fault(fault.name(), HostCommands.unavailable(), fault.lasting(), fault.injection());
    }

    private static Fault unavailable(String name, String why) {
        return new Fault(name, Optional.of(why), Duration.ZERO, random -> {
            throw new IOException(name + ": " + why);
        });
    }

    private String leader() throws IOException, InterruptedException {
        return Outlook.asked(() -> named(observer.cluster().coordinators().getLeader()));
    }

    private String follower() throws IOException, InterruptedException {
        String leader = leader();
        return members.coordinators().stream()
                .filter(id -> !id.equals(leader))
                .findFirst()
                .orElseThrow();
    }

    private String primary() throws IOException, InterruptedException {
        return Outlook.asked(() -> named(shards().getFirst().getPrimary()));
    }

    private String other() throws IOException, InterruptedException {
        String primary = primary();
        return members.nodes().stream()
                .filter(id -> !id.equals(primary))
                .findFirst()
                .orElseThrow();
    }

    private static Optional<String> named(String id) {
        return Optional.of(id).filter(known -> !known.isEmpty());
    }

    private List<DomainShard> shards() {
        return observer.domains().describe(DomainRef.of(domains.lasting())).getShardsList();
    }

    private void kill(String id) {
        members.container(id).signal("KILL");
    }

    private Fault kill(String name, Which which) {
        return lapse(name, DEAD, true, which, this::kill, members::startAgain);
    }

    private void freeze(String id) {
        members.container(id).freeze();
    }

    private void thaw(String id) {
        members.container(id).thaw();
    }

    private void fromCoordinators(String id) throws IOException, InterruptedException {
        for (String other : members.coordinators()) {
            if (!other.equals(id)) {
                links.deafen(id, other);
                links.deafen(other, id);
            }
        }
    }

    /** A member falls silent: a coordinator's office, or a node's lease, is to end by that. */
    private Fault lapse(String name, Duration lasting, Which which, Harm harm, Harm healing) {
        return lapse(name, lasting, false, which, harm, healing);
    }

    /** What was done by halves is undone: others share the cluster. */
    private static void harm(String victim, Harm harm, Harm healing) throws IOException, InterruptedException {
        try {
            harm.to(victim);
        } catch (IOException | InterruptedException | RuntimeException failed) {
            try {
                healing.to(victim);
            } catch (IOException | RuntimeException nothingToHeal) {
                failed.addSuppressed(nothingToHeal);
            }
            throw failed;
        }
    }

    private Fault lapse(String name, Duration lasting, boolean ends, Which which, Harm harm, Harm healing) {
        return new Fault(name, Optional.empty(), lasting, random -> {
            String victim = which.member();
            boolean isLeader = victim.equals(leader());
            boolean isPrimary = victim.equals(primary());
            long leaders = members.count("leading");
            long promoted = promotions.count();
            long revision = outlook.revision();
            harm(victim, harm, healing);
            return new Fault.Broken() {
                private boolean isMissed;
                private long revisionsMissed;

                @Override
                public String target() {
                    return victim;
                }

                @Override
                public void heal() throws IOException, InterruptedException {
                    try {
                        isMissed = victim.startsWith("n") && outlook.awaitUnusable(victim, NOTICED);
                        revisionsMissed = outlook.revision() - revision;
                    } finally {
                        healing.to(victim);
                    }
                }

                @Override
                public boolean endsNodes() {
                    return ends && victim.startsWith("n");
                }

                @Override
                public String effect() {
                    if (isLeader) {
                        return members.count("leading") > leaders ? "another coordinator leads" : "";
                    }
                    if (victim.startsWith("c")) {
                        return revisionsMissed > 0 ? "it was without " + revisionsMissed + " revisions" : "";
                    }
                    if (isPrimary) {
                        return isMissed && promotions.count() > promoted ? Fault.TOOK_OVER : "";
                    }
                    return isMissed ? "its lease has ended" : "";
                }
            };
        });
    }

    private interface Between {
        void nodes(String one, String other) throws IOException, InterruptedException;
    }

    /** The primary and another node, whichever comes first. Its effect is counted by the kernel. */
    private Fault links(String name, Optional<String> unavailable, Duration lasting, Between between) {
        return new Fault(name, unavailable, lasting, random -> {
            List<String> pair = pair(random);
            harm(pair.getFirst(), one -> between.nodes(one, pair.getLast()), one -> heal(pair));
            return new Fault.Broken() {
                private long hit;

                @Override
                public String target() {
                    return String.join(" and ", pair);
                }

                @Override
                public void heal() throws IOException, InterruptedException {
                    try {
                        for (String id : pair) {
                            hit += links.hit(id);
                        }
                    } finally {
                        ContainerFaults.this.heal(pair);
                    }
                }

                @Override
                public String effect() {
                    return hit == 0 ? "" : hit + " packets were hit";
                }
            };
        });
    }

    private void heal(List<String> pair) throws IOException, InterruptedException {
        for (String id : pair) {
            links.heal(id);
        }
    }

    private List<String> pair(SplittableRandom random) throws IOException, InterruptedException {
        List<String> pair = new ArrayList<>(List.of(primary(), other()));
        if (random.nextBoolean()) {
            pair.add(pair.removeFirst());
        }
        return pair;
    }

    private Fault starve() {
        return new Fault("starve-primary", HostCommands.unavailable(), POOR, random -> {
            String victim = primary();
            Shares shares = new Shares(members.container(victim));
            long before = shares.timesThrottled();
            shares.few();
            return new Fault.Broken() {
                private long throttled;

                @Override
                public String target() {
                    return victim;
                }

                @Override
                public void heal() throws IOException {
                    throttled = shares.timesThrottled() - before;
                    shares.all();
                }

                @Override
                public String effect() {
                    return throttled == 0 ? "" : "held up " + throttled + " times";
                }
            };
        });
    }
}

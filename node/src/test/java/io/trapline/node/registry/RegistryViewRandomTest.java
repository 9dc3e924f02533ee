package io.trapline.node.registry;

import static org.assertj.core.api.Assertions.assertThat;

import io.trapline.internal.v1.DomainRecord;
import io.trapline.internal.v1.DrainRecord;
import io.trapline.internal.v1.RegistryChange;
import io.trapline.internal.v1.ServerRecord;
import io.trapline.model.AccessFlags;
import io.trapline.node.fixture.Records;
import io.trapline.node.protocol.ServerView;
import io.trapline.v1.Claim;
import io.trapline.v1.ClaimState;
import io.trapline.v1.DomainState;
import io.trapline.v1.IoRangeType;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.TreeMap;
import java.util.TreeSet;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A registry that changes at random: a node that hears every change, one that is away now and then, and one that comes last know the same. */
final class RegistryViewRandomTest {
    private static final int STEPS = 600;

    private final TreeMap<Integer, DomainRecord> domains = new TreeMap<>();
    private final TreeMap<Long, ServerRecord> servers = new TreeMap<>();
    private final TreeMap<Long, Claim> claims = new TreeMap<>();
    private final TreeMap<Long, DrainRecord> drains = new TreeMap<>();
    private final TreeSet<Long> sessions = new TreeSet<>();
    private long revision = 1;

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8})
    void incrementsEqualTheSnapshot(long seed) {
        Random random = new Random(seed);
        Follower steady = new Follower();
        Follower wavering = new Follower();
        steady.take(snapshot());
        wavering.take(snapshot());
        boolean away = false;
        for (int step = 0; step < STEPS; step++) {
            RegistryChange change = change(random);
            steady.take(change);
            if (random.nextInt(10) == 0) {
                away = !away;
                wavering.take(away ? change : snapshot());
            } else if (!away) {
                wavering.take(change);
            }
            if (step % 20 == 19) {
                Follower last = new Follower();
                last.take(snapshot());
                assertThat(steady.text()).as("seed %d step %d", seed, step).isEqualTo(last.text());
                if (!away) {
                    assertThat(wavering.text())
                            .as("seed %d step %d, wavering", seed, step)
                            .isEqualTo(last.text());
                }
            }
        }
    }

    private RegistryChange snapshot() {
        return Records.snapshot(revision)
                .addAllDomains(domains.values())
                .addAllServers(servers.values())
                .addAllClaims(claims.values())
                .addAllDrains(drains.values())
                .addAllSessions(sessions)
                .build();
    }

    /** One command, or two that were committed together. */
    private RegistryChange change(Random random) {
        RegistryChange.Builder change = Records.change(0);
        for (int commands = 1 + random.nextInt(2); commands > 0; commands--) {
            revision++;
            command(random, change);
        }
        return change.setRevision(revision).build();
    }

    private void command(Random random, RegistryChange.Builder change) {
        int domid = 1 + random.nextInt(3);
        DomainRecord domain = domains.get(domid);
        if (domain == null) {
            DomainRecord created = Records.domain(domid, revision, 1 + random.nextInt(3));
            domains.put(domid, created);
            replace(change, created);
            return;
        }
        int id = random.nextInt(3);
        int x = random.nextInt(4);
        switch (random.nextInt(12)) {
            case 0 -> destroyDomain(domid, change);
            case 1 -> pause(domain, change);
            case 2, 3, 4, 5 -> server(random, domid, id, change);
            case 6, 7, 8 -> claim(random, domid, id, x, change);
            case 9 -> finishDrain(change);
            case 10 -> change.addVcpus(Records.vcpu(domid, id, revision));
            default -> session(random, change);
        }
    }

    private void replace(RegistryChange.Builder change, DomainRecord record) {
        for (int i = 0; i < change.getDomainsCount(); i++) {
            if (change.getDomains(i).getDomain().getDomid()
                    == record.getDomain().getDomid()) {
                change.removeDomains(i);
                break;
            }
        }
        change.addDomains(record);
    }

    private void destroyDomain(int domid, RegistryChange.Builder change) {
        domains.remove(domid);
        servers.keySet().removeIf(key -> key >> 32 == domid);
        claims.keySet().removeIf(key -> key >> 32 == domid);
        drains.values().removeIf(drain -> drain.getDomid() == domid);
        change.addRemovedDomains(domid);
        for (int i = change.getDomainsCount() - 1; i >= 0; i--) {
            if (change.getDomains(i).getDomain().getDomid() == domid) {
                change.removeDomains(i);
            }
        }
    }

    private void pause(DomainRecord domain, RegistryChange.Builder change) {
        boolean paused = domain.getDomain().getPauseCount() > 0;
        DomainRecord.Builder now = domain.toBuilder();
        now.getDomainBuilder()
                .setPauseCount(paused ? 0 : 1)
                .setState(paused ? DomainState.DOMAIN_STATE_RUNNING : DomainState.DOMAIN_STATE_PAUSED);
        domains.put(domain.getDomain().getDomid(), now.build());
        replace(change, now.build());
    }

    private void server(Random random, int domid, int id, RegistryChange.Builder change) {
        ServerRecord known = servers.get(key(domid, id));
        if (known != null && random.nextInt(5) == 0) {
            servers.remove(key(domid, id));
            claims.values().removeIf(claim -> {
                boolean gone = claim.getDomid() == domid && claim.getId() == id;
                if (gone) {
                    change.addClaims(claim.toBuilder().setState(ClaimState.CLAIM_STATE_FREE));
                }
                return gone;
            });
            change.addRemovedServers(Records.name(domid, id));
            for (int i = change.getServersCount() - 1; i >= 0; i--) {
                if (change.getServers(i).getServer().getDomid() == domid
                        && change.getServers(i).getServer().getId() == id) {
                    change.removeServers(i);
                }
            }
            return;
        }
        long start = random.nextInt(4) * 16L;
        ServerRecord now = Records.server(
                domid,
                id,
                known == null ? revision : known.getServer().getGeneration(),
                random.nextBoolean(),
                revision,
                Records.range(IoRangeType.IO_RANGE_TYPE_PORT, start, start + 7));
        servers.put(key(domid, id), now);
        change.addServers(now);
    }

    private void claim(Random random, int domid, int id, int x, RegistryChange.Builder change) {
        Claim standing = claims.get(key(domid, x));
        ServerRecord server = servers.get(key(domid, id));
        if (standing == null && server != null) {
            Claim now = Records.held(
                    domid, id, server.getServer().getGeneration(), x, 1 + random.nextInt(AccessFlags.ALL), revision);
            claims.put(key(domid, x), now);
            change.addClaims(now);
        } else if (standing != null && standing.getState() == ClaimState.CLAIM_STATE_HELD) {
            Claim releasing = standing.toBuilder()
                    .setState(ClaimState.CLAIM_STATE_RELEASING)
                    .build();
            claims.put(key(domid, x), releasing);
            DomainRecord domain = java.util.Objects.requireNonNull(domains.get(domid));
            DrainRecord drain = Records.release(
                    revision,
                    domid,
                    domain.getDomain().getGeneration(),
                    standing.getId(),
                    standing.getGeneration(),
                    x,
                    false);
            drains.put(revision, drain);
            change.addClaims(releasing).addDrains(drain);
        }
    }

    private void finishDrain(RegistryChange.Builder change) {
        if (drains.isEmpty()) {
            return;
        }
        DrainRecord drain = drains.pollFirstEntry().getValue();
        long key = key(drain.getDomid(), drain.getTypeValue() - 16);
        Claim claim = claims.get(key);
        if (claim != null && claim.getState() == ClaimState.CLAIM_STATE_RELEASING) {
            claims.remove(key);
            change.addClaims(claim.toBuilder().setState(ClaimState.CLAIM_STATE_FREE));
        }
        change.addEndedDrains(drain.getRevision());
    }

    private void session(Random random, RegistryChange.Builder change) {
        if (sessions.size() > 3 && random.nextBoolean()) {
            change.addEndedSessions(java.util.Objects.requireNonNull(sessions.pollFirst()));
        } else {
            sessions.add(revision);
            change.addSessions(revision);
        }
    }

    private static long key(int domid, int low) {
        return (long) domid << 32 | low;
    }

    /** A view and what a node would have made of what it said. */
    private static final class Follower {
        private final RegistryView view = new RegistryView();
        private final TreeMap<Integer, DomainView> domains = new TreeMap<>();
        private final TreeSet<Long> sessions = new TreeSet<>();

        void take(RegistryChange change) {
            RegistryView.Effects effects = view.apply(change);
            effects.removed().forEach((domid, generation) -> {
                DomainView gone = domains.remove(domid);
                assertThat(gone).isNotNull();
                assertThat(gone.generation()).isEqualTo(generation);
            });
            for (DomainChange changed : effects.changed()) {
                domains.put(changed.view().domid(), changed.view());
                for (ServerView server : changed.view().servers()) {
                    // C7: nothing that a shard decides from now on is refused for its age.
                    assertThat(server.changedRevision())
                            .isLessThanOrEqualTo(changed.view().table().revision());
                }
            }
            sessions.addAll(effects.sessions());
            sessions.removeAll(effects.endedSessions());
        }

        String text() {
            StringBuilder text = new StringBuilder("sessions " + sessions + " drains " + new TreeSet<>(view.drains()));
            for (DomainView domain : domains.values()) {
                text.append("\ndomain %d/%d %s %s"
                        .formatted(domain.domid(), domain.generation(), domain.state(), servers(domain)));
                for (int x = 0; x < 4; x++) {
                    text.append(" %d:%d,%d"
                            .formatted(
                                    x,
                                    domain.table().claimant(x, false),
                                    domain.table().claimant(x, true)));
                }
                for (int port = 0; port < 64; port += 8) {
                    text.append(" ").append(domain.table().byRange(1, port, port + 7));
                }
            }
            return text.toString();
        }

        private static List<String> servers(DomainView domain) {
            return domain.servers().stream()
                    .map(server -> "%d/%d %s %s %s"
                            .formatted(
                                    server.id(),
                                    server.generation(),
                                    server.enabled(),
                                    Arrays.toString(server.claims()),
                                    server.ports()))
                    .toList();
        }
    }
}

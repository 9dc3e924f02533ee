package io.trapline.node.shard;

import static org.assertj.core.api.Assertions.assertThat;

import io.trapline.model.AccessFlags;
import io.trapline.model.MemType;
import io.trapline.model.RangeSet;
import io.trapline.model.TypeRun;
import io.trapline.node.p2m.DecisionTable;
import io.trapline.node.protocol.VcpuOpening;
import io.trapline.node.rows.KeyRows;
import io.trapline.node.rows.OutcomeRows;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Consumer;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/**
 * A shard that has been without a lease hears of many revisions, one by one or all at once, as its node catches up. That makes no difference: neither to what it
 * decides afterwards, nor to where it believes a row to be, nor to what it has asked the servers' homes.
 */
@DisplayName("Rule 0, D-22: revisions applied together are those applied one by one")
final class SkippedRevisionsTest {
    private static final int SEEDS = 4_000;
    private static final int ACCESSES = 12;
    private static final long PAGE_OF_TYPE_1 = 0x4000;
    private static final long[] ADDRESSES = {
        RecordingShard.RAM,
        RecordingShard.CLAIMED,
        RecordingShard.CLAIMED + 0x1000,
        PAGE_OF_TYPE_1,
        RecordingShard.RANGED
    };

    /** A server as the registry has it. */
    private record Server(long generation, long home, boolean enabled) {}

    /** One history: the registry's, and what comes of it in both shards. */
    private static final class History {
        final Random random;
        final RecordingShard oneByOne = new RecordingShard();
        final RecordingShard atOnce = new RecordingShard();
        final Map<Integer, Server> servers = new TreeMap<>();
        final Map<Integer, Integer> holders = new TreeMap<>();
        final Set<Long> homes = new TreeSet<>();
        final Set<Long> posted = new TreeSet<>();
        final List<String> said = new ArrayList<>();
        long revision = 200;
        long epoch = RecordingShard.EPOCH;
        boolean paused;

        History(long seed) {
            random = new Random(seed);
            both(shard -> shard.tellsSince = true);
            both(shard -> shard.p2m.applyTypes(List.of(new TypeRun(4, 1, MemType.ioreqServer(1)))));
            servers.put(1, new Server(150, random.nextBoolean() ? 150 : 160, true));
            servers.put(2, new Server(155, random.nextBoolean() ? 155 : 165, true));
            holders.put(0, 1);
            holders.put(1, 2);
            remember();
            both(shard -> shard.rules.apply(table(), List.of(), present()));
        }

        void both(Consumer<RecordingShard> step) {
            step.accept(oneByOne);
            step.accept(atOnce);
        }

        void close() {
            both(RecordingShard::close);
        }

        private void remember() {
            servers.values().forEach(server -> homes.add(server.home()));
        }

        DecisionTable table() {
            DecisionTable.Builder table = DecisionTable.builder(revision)
                    .state(paused ? DecisionTable.State.PAUSED : DecisionTable.State.RUNNING);
            servers.forEach((id, server) -> {
                table.changed(id, server.home()).home(id, server.home(), server.generation());
                if (server.enabled()) {
                    table.enabledServer(
                            id, id == 2 ? RecordingShard.ranged() : RangeSet.EMPTY, RangeSet.EMPTY, RangeSet.EMPTY);
                }
            });
            holders.forEach((x, id) -> table.heldClaim(x, id, AccessFlags.ALL));
            return table.build();
        }

        BitSet present() {
            BitSet present = new BitSet();
            servers.keySet().forEach(present::set);
            return present;
        }

        private long homeOf(int id) {
            Server server = servers.get(id);
            return server == null ? 0 : server.home();
        }

        // ---- before

        void guests() {
            for (long sequence = 1; sequence <= ACCESSES; sequence++) {
                access(sequence, ADDRESSES[random.nextInt(ADDRESSES.length)], random.nextInt(4));
                if (random.nextBoolean()) {
                    serverSays(1 + random.nextInt(2), sequence);
                }
            }
            if (random.nextInt(4) == 0) {
                both(shard -> shard.rules.commitTypes(List.of(new TypeRun(2, 1, MemType.RAM_RW)), 9));
            }
        }

        private void access(long sequence, long address, int kind) {
            long value = 0x100 + sequence;
            if (kind > 1) {
                posted.add(sequence);
            }
            said.add(sequence + " at " + Long.toHexString(address) + " kind " + kind);
            both(shard -> {
                switch (kind) {
                    case 0 -> shard.read(sequence, address);
                    case 1 -> shard.write(sequence, address, value);
                    default -> shard.posted(sequence, address, value);
                }
            });
        }

        private void serverSays(int id, long upTo) {
            KeyRows keys = new KeyRows(ACCESSES);
            OutcomeRows outcomes = new OutcomeRows(ACCESSES);
            int kind = random.nextInt(3);
            for (long sequence = 1; sequence <= upTo; sequence++) {
                if (random.nextBoolean() && (kind != 0 || posted.contains(sequence))) {
                    keys.add(0, epoch, sequence, 0);
                    outcomes.add(0, epoch, sequence, 0, 0x77, (byte) 0);
                }
            }
            said.add("server " + id + " says " + kind);
            both(shard -> {
                switch (kind) {
                    case 0 -> shard.rules.postedQueued(id, homeOf(id), keys);
                    case 1 -> shard.rules.completed(id, homeOf(id), outcomes);
                    default -> shard.rules.decideAgain(id, homeOf(id), keys);
                }
            });
        }

        // ---- meanwhile

        /** Returns the vCPUs that it opens; the first one may: what is let go later was asked about before. */
        List<VcpuOpening> change(boolean isFirst) {
            revision++;
            int id = 1 + random.nextInt(2);
            Server server = servers.get(id);
            List<VcpuOpening> opened = List.of();
            if (random.nextInt(8) == 0) {
                paused = !paused;
            } else if (isFirst && random.nextInt(4) == 0) {
                opened = List.of(new VcpuOpening(0, ++epoch));
            } else if (server == null) {
                servers.put(id, new Server(revision, revision, true));
                holders.putIfAbsent(random.nextInt(2), id);
            } else {
                switch (random.nextInt(3)) {
                    case 0 -> servers.put(id, new Server(server.generation(), revision, server.enabled()));
                    case 1 -> holders.values().removeIf(holder -> holder == id);
                    default -> {
                        holders.values().removeIf(holder -> holder == id);
                        servers.remove(id);
                    }
                }
            }
            remember();
            said.add("revision " + revision + ": " + servers + " claims " + holders + (paused ? " paused" : ""));
            return opened;
        }

        void changes() {
            boolean promoted = random.nextInt(4) == 0;
            both(shard -> shard.rules.leased(false));
            if (promoted) {
                said.add("promoted");
                both(shard -> shard.rules.promoted(0));
            }
            both(RecordingShard::told);
            Set<String> asked = new LinkedHashSet<>();
            List<String> others = new ArrayList<>();
            List<VcpuOpening> all = new ArrayList<>();
            int changes = 1 + random.nextInt(6);
            for (int i = 0; i < changes; i++) {
                List<VcpuOpening> opened = change(i == 0);
                all.addAll(opened);
                oneByOne.rules.apply(table(), opened, present());
                sort(oneByOne.told(), asked, others);
            }
            Set<String> askedAtOnce = new LinkedHashSet<>();
            List<String> othersAtOnce = new ArrayList<>();
            atOnce.rules.apply(table(), all, present());
            sort(atOnce.told(), askedAtOnce, othersAtOnce);
            assertThat(ofPresent(askedAtOnce)).as("asked: %s", said).isEqualTo(ofPresent(asked));
            assertThat(othersAtOnce)
                    .as("told: %s", said)
                    .filteredOn(line -> !line.startsWith("types"))
                    .isEmpty();
        }

        /** What each home is asked; and the rest, without what every home is told for itself. */
        private void sort(List<String> told, Set<String> asked, List<String> others) {
            for (String line : told) {
                if (line.startsWith("ask ") || line.startsWith("tell ")) {
                    int id = line.replaceAll("^(ask|tell) (\\d).*", "$2").charAt(0) - '0';
                    asked.add("home " + homeOf(id) + ": " + line);
                } else if (!line.startsWith("recall ") && !line.startsWith("goes on")) {
                    others.add(line);
                }
            }
        }

        private Set<String> ofPresent(Set<String> asked) {
            Set<String> present = new TreeSet<>(asked);
            present.removeIf(line ->
                    servers.values().stream().noneMatch(server -> line.startsWith("home " + server.home() + ":")));
            return present;
        }

        // ---- afterwards

        void compare() {
            same("without a lease", shard -> {});
            paused = false;
            revision++;
            both(shard -> shard.rules.apply(table(), List.of(), present()));
            same("it serves again", shard -> shard.rules.leased(true));
            KeyRows all = new KeyRows(ACCESSES);
            for (long of = RecordingShard.EPOCH; of <= epoch; of++) {
                for (long sequence = 1; sequence <= ACCESSES; sequence++) {
                    all.add(0, of, sequence, 0);
                }
            }
            for (int server = 1; server <= 2; server++) {
                int id = server;
                same("a drain of server " + id, shard -> shard.rules.awaitReturned(id, revision, 70 + id));
                for (long home : homes) {
                    same("server " + id + " gives back at " + home, shard -> shard.rules.decideAgain(id, home, all));
                }
            }
            both(shard -> {
                for (int recall = 1; recall < 20; recall++) {
                    shard.rules.recalled(1, recall);
                    shard.rules.recalled(2, recall);
                }
            });
            for (long page = 1; page <= 4; page++) {
                assertThat(atOnce.p2m.read(page << 12, 8))
                        .as("page %d: %s", page, said)
                        .isEqualTo(oneByOne.p2m.read(page << 12, 8));
            }
            both(shard -> assertThat(shard.rules.isChanging(9))
                    .as("the type change: %s", said)
                    .isFalse());
        }

        private void same(String what, Consumer<RecordingShard> step) {
            both(step);
            assertThat(of(atOnce)).as("%s: %s", what, said).isEqualTo(of(oneByOne));
        }

        private static List<String> of(RecordingShard shard) {
            return shard.told().stream()
                    .filter(line -> !line.startsWith("recall ") && !line.startsWith("types "))
                    .toList();
        }
    }

    @Test
    @DisplayName("in random histories of servers that move, end and begin")
    void makesNoDifference() {
        for (long seed = 0; seed < SEEDS; seed++) {
            History history = new History(seed);
            try {
                history.guests();
                history.changes();
                history.compare();
            } finally {
                history.close();
            }
        }
    }
}

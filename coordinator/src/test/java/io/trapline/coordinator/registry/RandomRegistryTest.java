package io.trapline.coordinator.registry;

import static org.assertj.core.api.Assertions.assertThat;

import io.trapline.internal.v1.Answer;
import io.trapline.internal.v1.Command;
import io.trapline.internal.v1.DrainKind;
import io.trapline.internal.v1.DrainRecord;
import io.trapline.internal.v1.LogEntry;
import io.trapline.internal.v1.NodeLife;
import io.trapline.internal.v1.NodeRecord;
import io.trapline.internal.v1.RegisteredServer;
import io.trapline.internal.v1.RegistryChange;
import io.trapline.internal.v1.Snapshot;
import io.trapline.internal.v1.StandbyEmulator;
import io.trapline.model.Errno;
import io.trapline.v1.Claim;
import io.trapline.v1.ClaimState;
import io.trapline.v1.IoreqServer;
import io.trapline.v1.IoreqServerState;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.stream.Collectors;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Random commands; after each of them what must always hold is checked against the state and against what was seen before. */
@DisplayName("C2, C5, S1: what holds after every command")
final class RandomRegistryTest {
    private static final int COMMANDS = 1_500;

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4, 5, 6})
    void holdsItsInvariants(long seed) {
        Registry registry = Registry.empty();
        RandomCommands commands = new RandomCommands(new SplittableRandom(seed));
        Set<Long> granted = new HashSet<>();
        Map<String, Long> holders = new HashMap<>();
        Replica replica = new Replica();
        int succeeded = 0;
        for (int index = 1; index <= COMMANDS; index++) {
            Snapshot before = registry.snapshot();
            Command command = commands.next(before);

            Result result = registry.apply(index, command);

            Snapshot after = registry.snapshot();
            checkRevision(before, after, result, granted);
            checkClaims(after, holders);
            checkStandbys(after);
            checkIds(before, after, command, result.answer());
            checkBusy(before, command, result.answer());
            checkLeadership(before, after, command, result.answer());
            RunChecks.check(before, after, command);
            result.change().ifPresent(replica::apply);
            if (index % 10 == 0) {
                replica.compare(registry.view().everything());
            }
            succeeded += result.change().isPresent() ? 1 : 0;
        }
        assertThat(succeeded)
                .as("commands of seed %d that changed something", seed)
                .isGreaterThan(COMMANDS / 7);
    }

    @ParameterizedTest
    @ValueSource(longs = {11, 12, 13, 14})
    void behavesTheSameAfterASnapshot(long seed) {
        SplittableRandom random = new SplittableRandom(seed);
        RandomCommands commands = new RandomCommands(random);
        Registry first = Registry.empty();
        Registry second = Registry.empty();
        for (int index = 1; index <= COMMANDS; index++) {
            LogEntry.Builder entry =
                    LogEntry.newBuilder().setCommitter(1 + index % 3).setNumber(index);
            for (int i = 0; i <= random.nextInt(4); i++) {
                entry.addCommands(commands.next(first.snapshot()));
            }
            if (random.nextInt(10) == 0) {
                second = Registry.restore(second.snapshot());
            }

            List<Result> results = first.apply(index, entry.build());

            assertThat(second.apply(index, entry.build())).isEqualTo(results);
            if (random.nextInt(20) == 0) {
                second = Registry.restore(second.snapshot());
                assertThat(second.apply(index, entry.build()))
                        .extracting(Result::answer)
                        .isEqualTo(results.stream().map(Result::answer).toList());
            }
        }
        assertThat(second.snapshot()).isEqualTo(first.snapshot());
        assertThat(second.snapshot().toByteString()).isEqualTo(first.snapshot().toByteString());
    }

    /** A refusal changes nothing but what is remembered of its request; a change raises the revision by one, which is granted once. */
    private static void checkRevision(Snapshot before, Snapshot after, Result result, Set<Long> granted) {
        if (result.change().isEmpty()) {
            assertThat(withoutBookkeeping(after)).isEqualTo(withoutBookkeeping(before));
            return;
        }
        assertThat(Answers.refusal(result.answer())).isEmpty();
        assertThat(after.getRevision()).isEqualTo(before.getRevision() + 1);
        assertThat(result.change().get().getRevision()).isEqualTo(after.getRevision());
        assertThat(granted.add(after.getRevision())).isTrue();
    }

    private static Snapshot withoutBookkeeping(Snapshot snapshot) {
        return snapshot.toBuilder().clearAppliedIndex().clearSessions().build();
    }

    /** C2, C5: one holder per type; between two holders the type was FREE; RELEASING as long as something of it drains. */
    private static void checkClaims(Snapshot after, Map<String, Long> holders) {
        Map<String, Claim> standing = new HashMap<>();
        for (Claim claim : after.getClaimsList()) {
            String type = claim.getDomid() + "/" + claim.getTypeValue();
            assertThat(standing.put(type, claim))
                    .as("second holder of %s", type)
                    .isNull();
            long generation = claim.getGeneration();
            assertThat(after.getServersList())
                    .as("holder of %s", type)
                    .anyMatch(server -> server.getRecord().getServer().getGeneration() == generation);
            Long earlier = holders.get(type);
            assertThat(earlier == null || earlier == claim.getEpoch())
                    .as("%s went from epoch %s to %s without being free", type, earlier, claim.getEpoch())
                    .isTrue();
        }
        holders.clear();
        standing.forEach((type, claim) -> holders.put(type, claim.getEpoch()));
        for (DrainRecord drain : after.getDrainsList()) {
            if (drain.getKind() == DrainKind.DRAIN_KIND_RELEASE) {
                assertThat(standing.get(drain.getDomid() + "/" + drain.getTypeValue()))
                        .extracting(Claim::getState)
                        .isEqualTo(ClaimState.CLAIM_STATE_RELEASING);
            }
        }
    }

    /** S5: who waits, waits for somebody, as one stream and one run. */
    private static void checkStandbys(Snapshot after) {
        for (RegisteredServer server : after.getServersList()) {
            var line = server.getRecord().getStandbysList();
            assertThat(line).extracting(StandbyEmulator::getRun).doesNotHaveDuplicates();
            if (!line.isEmpty()) {
                assertThat(server.getRecord().getServer().getSessionEpoch()).isPositive();
                assertThat(line)
                        .extracting(StandbyEmulator::getRun)
                        .doesNotContain(server.getRecord().getServer().getRun());
            }
        }
    }

    /** S1, D1: the lowest id that is free, and none is free while its destruction drains. */
    private static void checkIds(Snapshot before, Snapshot after, Command command, Answer answer) {
        if (answer.hasCreateIoreqServer() && after.getServersCount() > before.getServersCount()) {
            int domid = command.getCreateIoreqServer().getDomid();
            Set<Integer> taken = servers(before, domid);
            int expected = 0;
            while (taken.contains(expected)) {
                expected++;
            }
            assertThat(answer.getCreateIoreqServer().getId()).isEqualTo(expected);
            assertThat(answer.getCreateIoreqServer().getGeneration()).isEqualTo(after.getRevision());
        }
        for (DrainRecord drain : after.getDrainsList()) {
            if (drain.getKind() == DrainKind.DRAIN_KIND_DESTROY) {
                assertThat(after.getServersList())
                        .extracting(RegisteredServer::getRecord)
                        .anyMatch(record -> record.getServer().getGeneration() == drain.getGeneration()
                                && record.getServer().getState() == IoreqServerState.IOREQ_SERVER_STATE_DESTROYING);
            }
        }
    }

    private static Set<Integer> servers(Snapshot snapshot, int domid) {
        return snapshot.getServersList().stream()
                .map(server -> server.getRecord().getServer())
                .filter(server -> server.getDomid() == domid)
                .map(IoreqServer::getId)
                .collect(Collectors.toSet());
    }

    /** C2: EBUSY exactly where the type stands, RELEASING included. */
    private static void checkBusy(Snapshot before, Command command, Answer answer) {
        boolean busy = Answers.refusal(answer)
                .map(refusal -> refusal.errno() == Errno.EBUSY)
                .orElse(false);
        if (!command.hasMapMemType() || command.getMapMemType().hasRequestId()) {
            return;
        }
        var asked = command.getMapMemType();
        boolean stands = before.getClaimsList().stream()
                .anyMatch(claim -> claim.getDomid() == asked.getDomid() && claim.getType() == asked.getType());
        if (busy || (answer.hasMapMemType() && asked.getFlags() != 0)) {
            assertThat(busy).isEqualTo(stands);
        }
    }

    /** V-4: nothing that rests on another leadership than the one of now is carried out, and no life follows one without. */
    private static void checkLeadership(Snapshot before, Snapshot after, Command command, Answer answer) {
        if (command.getLeadership() != 0 && command.getLeadership() != before.getLeadership()) {
            assertThat(answer.hasRefusal()).isTrue();
        }
        if (after.getLeadership() != before.getLeadership()) {
            assertThat(command.hasBeginLeadership()).isTrue();
            assertThat(after.getLeadership()).isEqualTo(after.getRevision());
        }
        if (command.getLeadership() == 0) {
            List<NodeLife> lives = Registry.restore(after).view().lives();
            assertThat(lives).containsAll(Registry.restore(before).view().lives());
        }
    }

    /** What a node knows that applied every change. */
    private static final class Replica {
        private final Map<Integer, io.trapline.internal.v1.DomainRecord> domains = new HashMap<>();
        private final Map<List<Integer>, io.trapline.internal.v1.ServerRecord> servers = new HashMap<>();
        private final Map<List<Integer>, Claim> claims = new HashMap<>();
        private final Map<Long, DrainRecord> drains = new HashMap<>();
        private final Set<Long> sessions = new HashSet<>();
        private final Map<String, NodeRecord> nodes = new HashMap<>();

        void apply(RegistryChange change) {
            change.getRemovedDomainsList().forEach(domid -> {
                domains.remove(domid);
                servers.keySet().removeIf(key -> key.getFirst().equals(domid));
            });
            change.getDomainsList()
                    .forEach(domain -> domains.put(domain.getDomain().getDomid(), domain));
            change.getRemovedServersList()
                    .forEach(server -> servers.remove(List.of(server.getDomid(), server.getId())));
            change.getServersList()
                    .forEach(record -> servers.put(
                            List.of(
                                    record.getServer().getDomid(),
                                    record.getServer().getId()),
                            record));
            change.getClaimsList().forEach(claim -> {
                List<Integer> key = List.of(claim.getDomid(), claim.getTypeValue());
                if (claim.getState() == ClaimState.CLAIM_STATE_FREE) {
                    claims.remove(key);
                } else {
                    claims.put(key, claim);
                }
            });
            change.getDrainsList().forEach(drain -> drains.put(drain.getRevision(), drain));
            change.getEndedDrainsList().forEach(drains::remove);
            sessions.addAll(change.getSessionsList());
            change.getEndedSessionsList().forEach(sessions::remove);
            change.getNodesList().forEach(node -> nodes.put(node.getLife().getNode(), node));
        }

        void compare(RegistryChange everything) {
            assertThat(domains.values().stream().map(record -> countless(record)))
                    .containsExactlyInAnyOrderElementsOf(everything.getDomainsList().stream()
                            .map(record -> countless(record))
                            .toList());
            assertThat(servers.values()).containsExactlyInAnyOrderElementsOf(everything.getServersList());
            assertThat(new ArrayList<>(claims.values()))
                    .containsExactlyInAnyOrderElementsOf(everything.getClaimsList());
            assertThat(drains.values()).containsExactlyInAnyOrderElementsOf(everything.getDrainsList());
            assertThat(sessions).containsExactlyInAnyOrderElementsOf(everything.getSessionsList());
            assertThat(nodes.values()).containsExactlyInAnyOrderElementsOf(everything.getNodesList());
        }

        /** The number of servers is of no use to nodes: a new server alone does not send its domain again. */
        private static io.trapline.internal.v1.DomainRecord countless(io.trapline.internal.v1.DomainRecord record) {
            var counted = record.toBuilder();
            counted.getDomainBuilder().clearNrIoreqServers();
            return counted.build();
        }
    }
}

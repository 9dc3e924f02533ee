package io.trapline.coordinator;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.trapline.coordinator.commit.Committer;
import io.trapline.coordinator.raft.Admission;
import io.trapline.coordinator.raft.Applied;
import io.trapline.coordinator.raft.Peers;
import io.trapline.coordinator.raft.ReplicaConfig;
import io.trapline.coordinator.raft.ReplicaConfig.Peer;
import io.trapline.coordinator.raft.StartException;
import io.trapline.coordinator.registry.Answers;
import io.trapline.coordinator.registry.RegistryView;
import io.trapline.internal.v1.Answer;
import io.trapline.internal.v1.Command;
import io.trapline.internal.v1.LogEntry;
import io.trapline.v1.OpenSessionRequest;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Queue;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.apache.pekko.actor.testkit.typed.javadsl.ActorTestKit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@DisplayName("E: three replicas of the registry")
@Timeout(120)
final class QuorumTest {
    private static final ActorTestKit KIT = ActorTestKit.create();

    @TempDir
    private Path directory;

    private final List<Member> members = new ArrayList<>();

    @AfterAll
    static void stop() {
        KIT.shutdownTestKit();
    }

    @BeforeEach
    void form() throws Exception {
        UUID cluster = UUID.randomUUID();
        List<Peer> peers = new ArrayList<>();
        List<Relay> relays = new ArrayList<>();
        List<Integer> ports = new ArrayList<>();
        for (int i = 1; i <= 3; i++) {
            ports.add(Relay.freePort());
            relays.add(new Relay(ports.getLast()));
            peers.add(new Peer("c" + i, "127.0.0.1", relays.getLast().port(), "services-of-c" + i + ":7000"));
        }
        for (int i = 0; i < 3; i++) {
            ReplicaConfig config = ReplicaConfig.of(
                            directory.resolve(peers.get(i).id()),
                            Admission.Told.BOOTSTRAP,
                            Optional.of(cluster),
                            peers.get(i).id(),
                            peers)
                    .withListenPort(ports.get(i));
            members.add(new Member(KIT, relays.get(i), config));
        }
        startAll();
    }

    @AfterEach
    void close() throws IOException {
        for (Member member : members) {
            member.close();
            member.relay.close();
            assertThat(member.failures).as(member.id).isEmpty();
        }
    }

    @Test
    void formsOnceAndFindsTheLeaderByName() {
        Member leader = leader();
        await().until(() ->
                members.stream().allMatch(member -> member.leader().equals("services-of-" + leader.id + ":7000")));
        assertThat(members).allSatisfy(member -> {
            assertThat(member.replica().state()).isEqualTo(Admission.State.MEMBER);
            assertThat(member.replica().configuration())
                    .extracting(Peer::id)
                    .containsExactlyInAnyOrder("c1", "c2", "c3");
            assertThat(member.replica().isAlone()).isFalse();
        });
        Member follower =
                members.stream().filter(member -> member != leader).findFirst().orElseThrow();
        assertThat(follower.confirms()).isFalse();
        assertThat(leader.confirms()).isTrue();
    }

    @Test
    void confirmsNothingWhileTheLeaderIsCutOffWithAnIdleLog() {
        Member leader = leader();
        assertThat(leader.confirms()).isTrue();
        members.forEach(member -> member.relay.cut());
        assertThat(leader.confirms()).isFalse();

        members.forEach(member -> member.relay.heal());
        await().until(() -> members.stream().anyMatch(member -> member.leads() && member.confirms()));
    }

    @Test
    void bringsBackAReplicaThatLagsBehindTheLog() throws Exception {
        members.forEach(member -> member.configure(member.config().withSnapshotEvery(200)));
        restartAll();
        Member leader = leader();
        Member lagging =
                members.stream().filter(member -> member != leader).findFirst().orElseThrow();
        lagging.close();
        // More than a segment of the log holds, so that the segment goes with the snapshot.
        fill(1_400);
        lagging.open();
        lagging.begin(this::ask);

        await().until(() -> lagging.sessions() == 1_400);
        assertThat(lagging.applied.stream().filter(QuorumTest::changesSomething))
                .hasSizeLessThan(1_400);
        // It goes on from there, and can lead.
        open(leader(), 1);
        await().until(() -> lagging.sessions() == 1_401);
    }

    @Test
    void stepsDown() throws Exception {
        Member before = leader();
        long term = before.leadingTerm.get();
        open(before, 3);
        // Not the one that wanted to leave; where whom it names does not hear of it in time, it may be elected again,
        // and asks again.
        await().until(() -> {
            if (before.replica().isLeading()) {
                before.replica()
                        .stepDown()
                        .exceptionally(refused -> null)
                        .toCompletableFuture()
                        .get(60, TimeUnit.SECONDS);
            }
            return members.stream().anyMatch(member -> member != before && member.leadingTerm.get() > term);
        });
        open(leader(), 1);
        await().until(() -> members.stream().allMatch(member -> member.sessions() == 4));
    }

    @Test
    void survivesARestartOfEachInTurnAndOfAll() throws Exception {
        int sessions = 0;
        for (Member member : members) {
            member.close();
            open(leader(), 5);
            sessions += 5;
            member.open();
            member.begin(this::ask);
            // Ratis does not count the vote of a replica whose log is empty: it has to catch up before the next one
            // goes.
            int written = sessions;
            await().until(() -> member.sessions() == written);
        }
        restartAll();
        open(leader(), 1);
        int all = sessions + 1;
        await().until(() -> members.stream().allMatch(member -> member.sessions() == all));
    }

    @Test
    void neverLetsAReplicaVoteThatWasWiped() throws Exception {
        Member wiped = members.getFirst();
        wiped.close();
        delete(wiped.config().dataDirectory());
        wiped.open();
        assertThat(wiped.replica().state()).isEqualTo(Admission.State.EMPTY);
        assertThatThrownBy(() -> wiped.begin(this::ask))
                .isInstanceOf(StartException.class)
                .hasMessageContaining("is in cluster")
                .hasMessageContaining("replace it under a new id");
        assertThat(wiped.replica().isLeading()).isFalse();

        // Alone, the last one of the two others elects nobody.
        Member last = members.getLast();
        members.get(1).close();
        await().until(() -> !last.leads());
        assertThat(last.confirms()).isFalse();
    }

    @Test
    void letsAnotherOneInForOneThatEndsThen() throws Exception {
        open(leader(), 3);
        Member old = members.stream()
                .filter(member -> member != leader())
                .findFirst()
                .orElseThrow();
        Member joining = joining("c4");
        // It may lead as soon as it is in.
        members.add(joining);
        List<Peer> before = leader().replica().configuration();
        List<Peer> next = Stream.concat(
                        before.stream().filter(peer -> !peer.id().equals(old.id)),
                        Stream.of(joining.config().peers().getLast()))
                .toList();
        await().until(() -> isDone(leader(), before, next));

        await().until(() -> joining.replica().state() == Admission.State.MEMBER && joining.sessions() == 3);
        await().until(() -> !old.failures.isEmpty());
        assertThat(old.failures.getFirst()).hasMessageContaining("it was replaced");
        assertThat(leader().replica()
                        .reconfigure(before, before)
                        .toCompletableFuture()
                        .join())
                .as("what is compared is another one by now")
                .isPresent();
        old.failures.clear();
        members.remove(old);
        old.close();
        old.relay.close();

        // It counts: with another one gone, it is half of the majority.
        Member gone = members.stream()
                .filter(member -> member != joining && member != leader())
                .findFirst()
                .orElseThrow();
        gone.close();
        open(leader(), 1);
        await().until(() -> joining.sessions() == 4);
    }

    private static boolean isDone(Member leader, List<Peer> before, List<Peer> next) {
        return leader.replica()
                        .reconfigure(before, next)
                        .toCompletableFuture()
                        .join()
                        .isEmpty()
                || Set.copyOf(leader.replica().configuration()).equals(Set.copyOf(next));
    }

    /** One that has been told to join, and that nobody has let in. */
    private Member joining(String id) throws Exception {
        int port = Relay.freePort();
        Relay relay = new Relay(port);
        List<Peer> peers = new ArrayList<>(members.getFirst().config().peers());
        peers.add(new Peer(id, "127.0.0.1", relay.port(), "services-of-" + id + ":7000"));
        UUID cluster = UUID.fromString(members.getFirst().replica().clusterId());
        Member joining = new Member(
                KIT,
                relay,
                ReplicaConfig.of(directory.resolve(id), Admission.Told.JOIN, Optional.of(cluster), id, peers)
                        .withListenPort(port));
        joining.open();
        Admission.Said leads =
                new Admission.Said(Admission.State.MEMBER, cluster.toString(), Optional.of(Set.of("c1", "c2", "c3")));
        joining.begin(address -> CompletableFuture.completedFuture(Optional.of(leads)));
        return joining;
    }

    @Test
    void settlesEveryCommandOfALostLeadershipAndAppliesNoneTwice() throws Exception {
        List<Answer> answers = new CopyOnWriteArrayList<>();
        int submitted = 0;
        for (int round = 0; round < 6; round++) {
            Member leader = leader();
            for (int i = 0; i < 200; i++) {
                leader.tell(new Committer.Submit(command(), answers::add));
                submitted++;
                if (i == 100) {
                    int before = submitted - i - 1;
                    await().until(() -> answers.size() > before);
                    lose(leader, round);
                }
            }
        }
        int all = submitted;
        await().until(() -> answers.size() == all);

        assertThat(leader().confirms()).isTrue();
        Set<Long> carriedOut = answers.stream()
                .filter(answer -> !answer.hasRefusal())
                .map(answer -> answer.getOpenSession().getSession())
                .collect(Collectors.toSet());
        assertThat(answers.stream().filter(answer -> !answer.hasRefusal())).hasSize(carriedOut.size());
        assertThat(answers.stream().flatMap(answer -> Answers.refusal(answer).stream()))
                .allSatisfy(refusal -> assertThat(refusal.metadata()).containsEntry("effect", "none"));
        assertThat(new HashSet<>(leader().replica().readLocal(RegistryView::sessions)))
                .isEqualTo(carriedOut);
        assertThat(carriedOut).isNotEmpty();
    }

    /** In turn: cut off and healed, stepped down. */
    private void lose(Member leader, int round) throws Exception {
        if (round % 2 == 0) {
            members.forEach(member -> member.relay.cut());
            await().until(() -> !leader.leads());
            members.forEach(member -> member.relay.heal());
        } else {
            // Where a busy machine has cost it its leadership meanwhile it is refused.
            leader.replica()
                    .stepDown()
                    .toCompletableFuture()
                    .exceptionally(notLeading -> null)
                    .get(60, TimeUnit.SECONDS);
        }
    }

    private static boolean changesSomething(Applied entry) {
        return entry.results().stream().anyMatch(result -> result.change().isPresent());
    }

    private Member leader() {
        await().until(() -> members.stream().anyMatch(Member::leads));
        return members.stream().filter(Member::leads).findFirst().orElseGet(this::leader);
    }

    private void restartAll() throws Exception {
        members.forEach(Member::close);
        startAll();
    }

    private void startAll() throws Exception {
        List<CompletableFuture<Void>> started = new ArrayList<>();
        for (Member member : members) {
            member.open();
        }
        for (Member member : members) {
            started.add(CompletableFuture.runAsync(
                    () -> {
                        try {
                            member.begin(this::ask);
                        } catch (StartException refused) {
                            throw new IllegalStateException(refused);
                        }
                    },
                    start -> Thread.ofVirtual().start(start)));
        }
        for (CompletableFuture<Void> one : started) {
            one.get(60, TimeUnit.SECONDS);
        }
    }

    /** As over the network: {@link Peers#ask}. */
    private CompletableFuture<Optional<Admission.Said>> ask(String address) {
        return CompletableFuture.completedFuture(members.stream()
                .filter(member -> address.equals("services-of-" + member.id + ":7000") && member.isOpen())
                .map(Member::said)
                .findFirst());
    }

    /** Opens sessions one after the other, at whoever leads; each is answered once. */
    private void open(Member leader, int sessions) {
        for (int i = 0; i < sessions; i++) {
            List<Answer> answers = new CopyOnWriteArrayList<>();
            leader.tell(new Committer.Submit(command(), answers::add));
            await().until(() -> !answers.isEmpty());
            assertThat(answers.getFirst().hasRefusal()).as("%s", answers).isFalse();
        }
    }

    /** Entries of 8 KiB, many at a time; each is proposed again where a busy machine has cost the leader its leadership. */
    private void fill(int entries) throws Exception {
        for (int from = 1; from <= entries; from += 50) {
            List<LogEntry> left = IntStream.range(from, Math.min(from + 50, entries + 1))
                    .mapToObj(i -> LogEntry.newBuilder()
                            .setCommitter(1_000 + i)
                            .setNumber(1)
                            .addCommands(command().toBuilder().setPrincipal("x".repeat(8_192)))
                            .build())
                    .toList();
            while (!left.isEmpty()) {
                left = refused(left);
            }
        }
    }

    private List<LogEntry> refused(List<LogEntry> entries) throws Exception {
        Member leader = leader();
        Queue<LogEntry> refused = new ConcurrentLinkedQueue<>();
        CompletableFuture<?>[] all = entries.stream()
                .map(entry -> leader.replica()
                        .propose(entry)
                        .toCompletableFuture()
                        .exceptionally(why -> {
                            refused.add(entry);
                            return null;
                        }))
                .toArray(CompletableFuture[]::new);
        CompletableFuture.allOf(all).get(60, TimeUnit.SECONDS);
        return List.copyOf(refused);
    }

    private static Command command() {
        return Command.newBuilder()
                .setOpenSession(OpenSessionRequest.getDefaultInstance())
                .build();
    }

    private static void delete(Path root) throws IOException {
        List<Path> files;
        try (Stream<Path> walk = Files.walk(root)) {
            files = walk.sorted(Comparator.reverseOrder()).toList();
        }
        for (Path file : files) {
            Files.delete(file);
        }
    }
}

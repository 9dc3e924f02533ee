package io.trapline.coordinator;

import io.trapline.coordinator.commit.Committer;
import io.trapline.coordinator.raft.Admission;
import io.trapline.coordinator.raft.Applied;
import io.trapline.coordinator.raft.Peers;
import io.trapline.coordinator.raft.Replica;
import io.trapline.coordinator.raft.ReplicaConfig;
import io.trapline.coordinator.raft.ReplicaEvents;
import io.trapline.coordinator.raft.StartException;
import io.trapline.coordinator.registry.RegistryView;
import java.security.SecureRandom;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.apache.pekko.actor.testkit.typed.javadsl.ActorTestKit;
import org.apache.pekko.actor.typed.ActorRef;
import org.jspecify.annotations.Nullable;

/** One replica of a quorum in this process, with its committer, behind its relay. */
final class Member implements AutoCloseable {
    final String id;
    final Relay relay;
    final AtomicLong leadingTerm = new AtomicLong();
    final List<Applied> applied = new CopyOnWriteArrayList<>();
    final List<Throwable> failures = new CopyOnWriteArrayList<>();
    private final ActorTestKit kit;
    private volatile String leader = "";
    private ReplicaConfig config;
    private volatile @Nullable Replica replica;
    private volatile @Nullable ActorRef<Committer.Message> committer;

    Member(ActorTestKit kit, Relay relay, ReplicaConfig config) {
        this.kit = kit;
        this.relay = relay;
        this.config = config;
        this.id = config.id();
    }

    void configure(ReplicaConfig other) {
        config = other;
    }

    ReplicaConfig config() {
        return config;
    }

    /** Opens it; {@link #begin} may then wait for the others. */
    void open() throws StartException {
        applied.clear();
        leadingTerm.set(0);
        Replica opened = Replica.open(config);
        replica = opened;
        committer = kit.spawn(Committer.create(new SecureRandom().nextLong() | 1, opened, System::nanoTime));
    }

    void begin(Peers peers) throws StartException {
        replica().start(new Events(), peers);
    }

    Replica replica() {
        return Objects.requireNonNull(replica);
    }

    /** Where the services of the leader are, as it was told last. */
    String leader() {
        return leader;
    }

    boolean isOpen() {
        return replica != null;
    }

    boolean leads() {
        return isOpen() && leadingTerm.get() > 0;
    }

    void tell(Committer.Message message) {
        Objects.requireNonNull(committer).tell(message);
    }

    int sessions() {
        return replica().readLocal(RegistryView::sessions).size();
    }

    /** Whether a majority confirms, now, that it leads. */
    boolean confirms() {
        CompletableFuture<Boolean> outcome = new CompletableFuture<>();
        tell(new Committer.Confirm(() -> outcome.complete(true), refusal -> outcome.complete(false)));
        return outcome.orTimeout(60, TimeUnit.SECONDS).join();
    }

    Admission.Said said() {
        return new Admission.Said(replica().state(), replica().clusterId(), Optional.empty());
    }

    @Override
    public void close() {
        Replica open = replica;
        if (open != null) {
            tell(new Committer.Stop());
            open.close();
            replica = null;
            committer = null;
            leadingTerm.set(0);
        }
    }

    private final class Events implements ReplicaEvents {
        @Override
        public void applied(Applied entry) {
            applied.add(entry);
            tell(new Committer.EntryApplied(entry));
        }

        @Override
        public void termApplied(long term) {
            tell(new Committer.TermApplied(term));
        }

        @Override
        public void leading(long term) {
            tell(new Committer.Leading(term));
            leadingTerm.set(term);
        }

        @Override
        public void notLeading() {
            leadingTerm.set(0);
            tell(new Committer.Deposed());
        }

        @Override
        public void leader(Leader known) {
            leader = known.address();
            tell(new Committer.Leader(known.address()));
        }

        @Override
        public void failed(Throwable why) {
            failures.add(why);
        }
    }
}

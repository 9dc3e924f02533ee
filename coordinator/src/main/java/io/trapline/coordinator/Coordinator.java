package io.trapline.coordinator;

import io.grpc.BindableService;
import io.trapline.coordinator.commit.Committer;
import io.trapline.coordinator.commit.ConfirmedReads;
import io.trapline.coordinator.commit.TimedLog;
import io.trapline.coordinator.grpc.Calls;
import io.trapline.coordinator.grpc.ClaimWatches;
import io.trapline.coordinator.grpc.ClusterGrpc;
import io.trapline.coordinator.grpc.CoordinatorGrpc;
import io.trapline.coordinator.grpc.Counters;
import io.trapline.coordinator.grpc.DomainGrpc;
import io.trapline.coordinator.grpc.IoreqServerGrpc;
import io.trapline.coordinator.grpc.Members;
import io.trapline.coordinator.grpc.PeerCalls;
import io.trapline.coordinator.grpc.RegistryGrpc;
import io.trapline.coordinator.grpc.SessionGrpc;
import io.trapline.coordinator.grpc.Watches;
import io.trapline.coordinator.lease.ClientSessions;
import io.trapline.coordinator.lease.Commands;
import io.trapline.coordinator.lease.Inquiries;
import io.trapline.coordinator.lease.LeaseKeeper;
import io.trapline.coordinator.lease.Views;
import io.trapline.coordinator.raft.Applied;
import io.trapline.coordinator.raft.Replica;
import io.trapline.coordinator.raft.ReplicaConfig.Peer;
import io.trapline.coordinator.raft.ReplicaEvents;
import io.trapline.coordinator.raft.StartException;
import io.trapline.coordinator.registry.RegistryView;
import java.security.SecureRandom;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.Consumer;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.ActorSystem;
import org.apache.pekko.actor.typed.Behavior;
import org.apache.pekko.actor.typed.Props;
import org.apache.pekko.actor.typed.javadsl.Behaviors;

/**
 * A coordinator: a replica of the registry and the services around it. Whoever starts it puts the services on a gRPC server; the public
 * ones need {@link io.trapline.rpc.Principals} in front of them.
 */
public final class Coordinator implements AutoCloseable {
    private static final AtomicLong STARTED = new AtomicLong();

    private final CoordinatorConfig config;
    private final ActorSystem<?> system;
    private final boolean ownsSystem;
    private final Actors actors;
    private final Replica replica;
    private final PeerCalls peers = new PeerCalls();
    private final AtomicBoolean closing = new AtomicBoolean();
    private final List<BindableService> publicServices;
    private final List<BindableService> internalServices;

    private Coordinator(
            CoordinatorConfig config, ActorSystem<?> system, boolean ownsSystem, Actors actors, Replica replica) {
        this.config = config;
        this.system = system;
        this.ownsSystem = ownsSystem;
        this.actors = actors;
        this.replica = replica;
        Commands commands = new Commands(
                actors.committer(),
                actors.nodes(),
                config.leader().map(leader -> new Inquiries(leader, System::nanoTime)));
        ConfirmedReads reads = new ConfirmedReads(actors.committer(), replica::readLocal, system.executionContext());
        Calls calls = new Calls(reads, commands, actors.nodes(), actors.sessions());
        this.publicServices = List.of(
                new DomainGrpc(calls),
                new IoreqServerGrpc(
                        calls,
                        new Counters(
                                calls,
                                node -> replica.readLocal(view -> view.nodeAddress(node))
                                        .flatMap(config.nodeControls())),
                        new Watches(reads, actors.watches())),
                new SessionGrpc(calls, actors.sessions()),
                new ClusterGrpc(calls, config.version(), replica));
        this.internalServices = List.of(
                new RegistryGrpc(calls, commands, actors.nodes(), actors.sessions()),
                new CoordinatorGrpc(
                        replica, reads, new Members(replica, reads, commands, peers), calls, config.version()));
        Consumer<Throwable> onDeath = why -> {
            if (!closing.get()) {
                config.onFailure().accept(why);
            }
        };
        spawn(system, ActorDeaths.of(actors.all(), onDeath), "actor-deaths-" + STARTED.incrementAndGet());
    }

    /** What is counted from the beginning of this process on. */
    private record Counts(TimedLog log, LongAdder lapses) {}

    private record Actors(
            ActorRef<Committer.Message> committer,
            ActorRef<LeaseKeeper.Message> nodes,
            ActorRef<ClientSessions.Message> sessions,
            ActorRef<ClaimWatches.Message> watches,
            Counts counts) {
        List<ActorRef<?>> all() {
            return List.of(committer, nodes, sessions, watches);
        }

        /** In this order: who waits for a drain must not arrive at the nodes' actor before the drain does. */
        void applied(Applied applied) {
            nodes.tell(new LeaseKeeper.EntryApplied(applied));
            sessions.tell(new ClientSessions.EntryApplied(applied));
            watches.tell(new ClaimWatches.EntryApplied(applied));
            committer.tell(new Committer.EntryApplied(applied));
        }

        void stop() {
            nodes.tell(new LeaseKeeper.Stop());
            sessions.tell(new ClientSessions.Stop());
            watches.tell(new ClaimWatches.Stop());
            committer.tell(new Committer.Stop());
        }

        /** In this order: what the keeper of leases proposes first must find the committer leading. */
        void leading(long term) {
            sessions.tell(new ClientSessions.Leading(true));
            watches.tell(new ClaimWatches.Leading(true));
            committer.tell(new Committer.Leading(term));
            nodes.tell(new LeaseKeeper.Leading(true));
        }

        void notLeading() {
            nodes.tell(new LeaseKeeper.Leading(false));
            sessions.tell(new ClientSessions.Leading(false));
            watches.tell(new ClaimWatches.Leading(false));
            committer.tell(new Committer.Deposed());
        }

        void leader(ReplicaEvents.Leader leader) {
            committer.tell(new Committer.Leader(leader.address()));
            nodes.tell(new LeaseKeeper.Leader(leader.peer(), leader.address()));
        }
    }

    /** What the replica tells, passed on. */
    private record Events(Actors actors, CompletableFuture<Void> served, Consumer<Throwable> onFailure)
            implements ReplicaEvents {
        @Override
        public void applied(Applied applied) {
            actors.applied(applied);
        }

        @Override
        public void termApplied(long term) {
            actors.committer().tell(new Committer.TermApplied(term));
        }

        @Override
        public void leading(long term) {
            actors.leading(term);
            served.complete(null);
        }

        @Override
        public void notLeading() {
            actors.notLeading();
        }

        @Override
        public void leader(Leader leader) {
            actors.leader(leader);
        }

        @Override
        public void failed(Throwable why) {
            // Nothing more is taken on; what is in the log has an outcome that nobody knows.
            actors.notLeading();
            if (!served.completeExceptionally(why)) {
                onFailure.accept(why);
            }
        }
    }

    /**
     * Opens its directory. Its services can be put on a server from now on, and should be before {@link #begin}: other coordinators ask
     * what this one is, and are answered; everything else is refused with EAGAIN until this one leads. Throws {@link StartException} with
     * one line that says what is wrong, such as a directory that may not be used.
     */
    public static Coordinator open(CoordinatorConfig config) throws StartException {
        Replica replica = Replica.open(config.replica());
        boolean ownsSystem = config.system().isEmpty();
        ActorSystem<?> system = config.system().isPresent()
                ? config.system().get()
                : ActorSystem.create(Behaviors.empty(), "coordinator");
        return new Coordinator(config, system, ownsSystem, actors(config, system, replica), replica);
    }

    /**
     * Forms or joins its cluster where its directory has not, and takes part. A group of one serves when this returns; of several, forming
     * one waits for all of them, and who leads shows afterwards. Called once. Where it fails, {@link #close} this; closing it from another
     * thread lets it fail. Throws {@link StartException} with one line that says what is wrong.
     */
    public void begin() throws StartException {
        CompletableFuture<Void> leading = new CompletableFuture<>();
        replica.start(new Events(actors, leading, config.onFailure()), peers);
        // One of several may take part without ever leading; from here on a failure is the process' end.
        if (replica.isAlone() || !leading.complete(null)) {
            awaitLeading(config, leading);
        }
    }

    /** {@link #open} and {@link #begin}: for a group of one, which nobody asks anything. */
    public static Coordinator start(CoordinatorConfig config) throws StartException {
        Coordinator coordinator = open(config);
        boolean started = false;
        try {
            coordinator.begin();
            started = true;
            return coordinator;
        } finally {
            if (!started) {
                coordinator.close();
            }
        }
    }

    /** Lets another one lead, as before a planned end; ends when this one leads no longer, and fails where it did not lead. */
    public CompletionStage<Void> stepDown() {
        return replica.stepDown();
    }

    private static Actors actors(CoordinatorConfig config, ActorSystem<?> system, Replica replica) {
        long start = STARTED.incrementAndGet();
        // Random: no other life of any coordinator's process has the same.
        long committerId = new SecureRandom().nextLong() | 1;
        Views views = replica::readLocal;
        Counts counts = new Counts(new TimedLog(replica, System::nanoTime), new LongAdder());
        ActorRef<Committer.Message> committer =
                spawn(system, Committer.create(committerId, counts.log(), System::nanoTime), "committer-" + start);
        LeaseKeeper.Settings keeping = new LeaseKeeper.Settings(
                config.replica().id(),
                replica.clusterId(),
                views,
                System::nanoTime,
                counts.lapses()::increment,
                () -> replica.configuration().stream()
                        .map(Peer::services)
                        .filter(services -> !services.isEmpty())
                        .toList());
        return new Actors(
                committer,
                spawn(system, LeaseKeeper.create(committer, keeping), "lease-keeper-" + start),
                spawn(system, ClientSessions.create(committer, views, System::nanoTime), "client-sessions-" + start),
                spawn(system, ClaimWatches.create(views), "claim-watches-" + start),
                counts);
    }

    private static <T> ActorRef<T> spawn(ActorSystem<?> system, Behavior<T> behavior, String name) {
        return system.systemActorOf(behavior, name, Props.empty());
    }

    private static void awaitLeading(CoordinatorConfig config, CompletableFuture<Void> leading) throws StartException {
        String where = "data directory " + config.replica().dataDirectory() + ": ";
        try {
            leading.get(config.startTimeout().toMillis(), TimeUnit.MILLISECONDS);
        } catch (ExecutionException e) {
            throw new StartException(where + (e.getCause() == null ? e : e.getCause()).getMessage(), e);
        } catch (TimeoutException e) {
            throw new StartException(
                    where + "did not serve within " + config.startTimeout().toSeconds() + " s", e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new StartException(where + "interrupted while starting", e);
        }
    }

    /** For clients: DomainService, IoreqServerService, SessionService, ClusterService. */
    public List<BindableService> publicServices() {
        return publicServices;
    }

    /** For nodes and other coordinators: RegistryService, CoordinatorService. */
    public List<BindableService> internalServices() {
        return internalServices;
    }

    /** Whether it leads, so that its public services answer; else they refuse with EAGAIN. */
    public boolean isLeading() {
        return replica.isLeading();
    }

    /** Whether it is the only one of its cluster. */
    public boolean isAlone() {
        return replica.isAlone();
    }

    /** Who leads, as far as it knows. */
    public Optional<ReplicaEvents.Leader> leader() {
        return replica.leader();
    }

    /** The term in which it is. */
    public long term() {
        return replica.currentTerm();
    }

    /** The cluster's id. */
    public String clusterId() {
        return replica.clusterId();
    }

    /** Completes when what grants leases and what applies the log have answered. */
    public CompletionStage<Void> answers() {
        CompletableFuture<Void> answered = new CompletableFuture<>();
        actors.nodes().tell(new LeaseKeeper.AskLeased(nodes -> answered.complete(null)));
        return answered.thenRunAsync(() -> replica.readLocal(RegistryView::revision), system.executionContext());
    }

    /** What it is doing; the registry is counted as this is called, which takes as long as there are domains. */
    public CompletionStage<CoordinatorReadings> readings() {
        CompletableFuture<Integer> leased = new CompletableFuture<>();
        actors.nodes().tell(new LeaseKeeper.AskLeased(nodes -> leased.complete(nodes.size())));
        Counts counts = actors.counts();
        return leased.thenApplyAsync(
                nodes -> new CoordinatorReadings(
                        isLeading(),
                        term(),
                        replica.configuration().size(),
                        nodes,
                        counts.log().entries(),
                        counts.log().nanos(),
                        counts.lapses().sum(),
                        replica.readLocal(RegistryView::counts)),
                system.executionContext());
    }

    /** Ends it. Calls under way get no answer: whoever closes it has ended the server that they came through. */
    @Override
    public void close() {
        closing.set(true);
        replica.close();
        actors.stop();
        if (ownsSystem) {
            system.terminate();
        }
    }
}

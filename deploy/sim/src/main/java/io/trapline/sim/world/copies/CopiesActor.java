package io.trapline.sim.world.copies;

import io.trapline.node.lease.ServingGate;
import io.trapline.node.p2m.ShardMap;
import io.trapline.node.protocol.Life;
import io.trapline.node.protocol.ServerRoute;
import io.trapline.node.protocol.ShardMessage;
import io.trapline.node.protocol.ShardPlace;
import io.trapline.node.protocol.VcpuOpening;
import io.trapline.node.protocol.VcpusMessage;
import io.trapline.node.registry.DomainView;
import io.trapline.node.rows.AccessRows;
import io.trapline.node.rows.KeyRows;
import io.trapline.node.rows.OutcomeRows;
import io.trapline.node.shard.P2mShard;
import io.trapline.node.shard.ShardCopies;
import io.trapline.sim.world.part.HeapBudget;
import io.trapline.sim.world.part.Layout;
import io.trapline.sim.world.part.Node;
import io.trapline.sim.world.part.Place;
import io.trapline.sim.world.part.ServerAt;
import io.trapline.sim.world.part.Shard;
import io.trapline.sim.world.part.Stage;
import io.trapline.sim.world.part.Texts;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** The actor of one shard at a node: what drives the node's real {@link ShardCopies}. */
final class CopiesActor implements Shard {
    private static final long NEVER = Long.MAX_VALUE;

    private final Stage world;
    private final Place place;
    private final Node node;
    private final int index;
    private final ServingGate gate;
    private final CopiedMemory memory;
    private final ShardCopies copies;
    private final TreeMap<Long, List<Runnable>> afterApplied = new TreeMap<>();
    private long appliedRevision;
    /** Under which epoch its run is now, as far as it knows. */
    private long runEpoch;

    private boolean decides;
    /** By server since when it is at its home. */
    private final Map<Integer, Long> homes = new HashMap<>();

    private long tickAt = NEVER;

    CopiesActor(
            Stage world,
            Place place,
            Node node,
            CopiedMemory memory,
            ShardMap map,
            ShardWitness witness,
            DomainView domain,
            int index) {
        this.world = world;
        this.place = place;
        this.node = node;
        this.index = index;
        this.memory = memory;
        decides = domain.places().get(index).primary().equals(place.life());
        gate = new ServingGate(place::now);
        P2mShard.Surroundings around = new P2mShard.Surroundings(
                place.life(),
                List.of(),
                life -> message -> memory.toCopy(life, index, message),
                life -> message -> answers(life, (VcpusMessage.ShardAnswers) message),
                memory.answers(),
                domain.waitsForCopy(),
                domain.generation(),
                (at, silentNanos) -> memory.proposals().dropBackup(at),
                memory.proposals()::beginHandOver,
                at -> memory.isFrozen(index, at),
                at -> memory.isCaughtUp(index, at),
                (at, silentNanos) -> memory.proposals().abandonSync(at),
                gate,
                memory.sessions());
        copies = new ShardCopies(
                index,
                map,
                Layout.NR_PAGES,
                new HeapBudget(),
                around,
                new ShardCopies.Outside(place::now, this::wake, this::failed, witness.at(place.life())));
    }

    private void failed(RuntimeException bug) {
        throw bug;
    }

    private void wake() {
        place.between("gate", name()).tell("resume", () -> tell(new ShardMessage.Resume()));
    }

    /** Takes a message. */
    void tell(ShardMessage message) {
        look();
        copies.tell(message);
        if (message instanceof ShardMessage.Call call && world.seams.forgetsAnswers()) {
            call.request().ifPresent(name -> copies.tell(new ShardMessage.SessionEnded(name.session())));
        }
        if (message instanceof ShardMessage.Tick) {
            tickAt = NEVER;
        }
        if (tickAt == NEVER) {
            copies.nextTick().ifPresent(due -> tickAt = place.now() + due.toNanos());
        }
    }

    /** Whether the node serves is the same throughout a step. */
    private void look() {
        if (place.serves()) {
            gate.open(place.now() + Long.MAX_VALUE / 4);
        } else {
            gate.close();
        }
    }

    @Override
    public String name() {
        return "shard " + index;
    }

    @Override
    public long appliedRevision() {
        return appliedRevision;
    }

    @Override
    public void whenApplied(long revision, Runnable action) {
        if (appliedRevision >= revision) {
            action.run();
        } else {
            afterApplied.computeIfAbsent(revision, fresh -> new ArrayList<>()).add(action);
        }
    }

    @Override
    public void apply(DomainView domain, List<VcpuOpening> opened, Map<Integer, ServerAt> present, Runnable applied) {
        Map<Integer, ServerRoute> routes = new HashMap<>();
        present.forEach((id, server) -> routes.put(id, new ServerWay(world, node, name(), server, () -> runEpoch)));
        domain.servers().forEach(server -> homes.put(server.id(), server.homeEpoch()));
        ShardPlace at = domain.places().get(index);
        runEpoch = at.epoch();
        boolean decided = decides;
        decides = at.primary().equals(place.life());
        boolean isPromoted = decides && !decided;
        tell(new ShardMessage.Apply(at, domain.table(), world.seams.openedForShards(opened), Map.copyOf(routes), () -> {
            appliedRevision = domain.table().revision();
            List<Runnable> after = new ArrayList<>();
            afterApplied.headMap(appliedRevision, true).values().forEach(after::addAll);
            afterApplied.headMap(appliedRevision, true).clear();
            after.forEach(Runnable::run);
            applied.run();
        }));
        if (isPromoted && world.seams.isPromotedWithoutAnswers()) {
            memory.liveSessions().forEach(session -> copies.tell(new ShardMessage.SessionEnded(session)));
        }
    }

    @Override
    public void accesses(Life from, AccessRows given, AccessRows givenAsTold) {
        tell(new ShardMessage.Accesses(from, world.seams.accepted(world.seams.fromGateway(givenAsTold))));
    }

    @Override
    public void completed(int server, long home, OutcomeRows rows) {
        tell(new ShardMessage.Completed(server, home(server, home), rows));
    }

    @Override
    public void decideAgain(int server, long home, KeyRows rows) {
        tell(new ShardMessage.DecideAgain(server, home(server, home), rows));
    }

    @Override
    public void postedQueued(int server, long home, KeyRows rows) {
        tell(new ShardMessage.PostedQueued(server, home(server, home), rows));
    }

    @Override
    public void postedDone(int server, long home, KeyRows rows) {
        tell(new ShardMessage.PostedDone(server, home(server, home), rows));
    }

    private long home(int server, long told) {
        return world.seams.home(told, homes.getOrDefault(server, told));
    }

    @Override
    public void recalled(int server, long recall) {
        tell(new ShardMessage.Recalled(server, recall));
    }

    @Override
    public void awaitReturned(int server, long revision, Runnable done) {
        tell(new ShardMessage.AwaitReturned(server, revision, done));
    }

    @Override
    public boolean mayTick(long nowNanos) {
        return place.serves() != gate.serves() || nowNanos >= tickAt;
    }

    @Override
    public void tickIfDue(long nowNanos) {
        look();
        if (nowNanos >= tickAt) {
            tell(new ShardMessage.Tick());
        }
    }

    private void answers(Life guests, VcpusMessage.ShardAnswers told) {
        OutcomeRows rows = new OutcomeRows(told.rows().size());
        KeyRows keys = told.rows().keys();
        for (int i = 0; i < told.rows().size(); i++) {
            rows.add(
                    keys.vcpu(i),
                    keys.vcpuEpoch(i),
                    world.seams.original(keys.sequence(i)),
                    keys.part(i),
                    told.rows().data(i),
                    told.rows().errno(i));
        }
        node.routes()
                .toVcpus(
                        name(),
                        guests,
                        () -> "outcomes " + Texts.outcomes(rows),
                        (at, times) -> at.outcomes(index, rows));
    }
}

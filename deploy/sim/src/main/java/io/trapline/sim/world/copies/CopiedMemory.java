package io.trapline.sim.world.copies;

import io.trapline.model.Errno;
import io.trapline.model.Refusal;
import io.trapline.node.p2m.DecisionTable;
import io.trapline.node.p2m.ShardMap;
import io.trapline.node.peer.TrafficClass;
import io.trapline.node.protocol.AnswerRoute;
import io.trapline.node.protocol.CallAnswer;
import io.trapline.node.protocol.Life;
import io.trapline.node.protocol.ShardMessage;
import io.trapline.node.protocol.ShardPlace;
import io.trapline.node.protocol.ShardRoute;
import io.trapline.node.protocol.ShardStep;
import io.trapline.node.protocol.TypesMessage;
import io.trapline.node.registry.ClientSessions;
import io.trapline.node.registry.DomainCalls;
import io.trapline.node.registry.DomainHandle;
import io.trapline.node.registry.DomainView;
import io.trapline.node.registry.RunCatchUps;
import io.trapline.node.rows.Segments;
import io.trapline.node.types.TypeTurns;
import io.trapline.sim.world.part.Layout;
import io.trapline.sim.world.part.Node;
import io.trapline.sim.world.part.NodeMemory;
import io.trapline.sim.world.part.Place;
import io.trapline.sim.world.part.ServerActor;
import io.trapline.sim.world.part.Stage;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** What one life of a node has of a domain's memory that others have copies of, and the calls that it has under way, as {@code RunningDomain} has them. */
public final class CopiedMemory implements NodeMemory {
    private final Stage world;
    private final Place place;
    private final Node node;
    private final List<ShardWitness> witnesses;
    private final List<CopiesActor> shards = new ArrayList<>();
    private final DomainCalls calls = new DomainCalls(Layout.DOMID);
    private final ClientSessions sessions = new ClientSessions();
    private final Set<Long> live = new TreeSet<>();
    private final MemoryService service;
    private final List<ShardRoute> ways = new ArrayList<>();
    private final RunCatchUps caughtUp = new RunCatchUps();
    private final RunCatchUps frozen = new RunCatchUps();
    private List<ShardPlace> places = List.of();
    private long generation;
    private boolean hasTakenOver;
    private @Nullable Proposals proposals;
    private @Nullable TypesRole types;

    /** @param witnesses of the domain's shards, by index */
    public CopiedMemory(Stage world, Place place, Node node, List<ShardWitness> witnesses) {
        this.witnesses = witnesses;
        this.world = world;
        this.place = place;
        this.node = node;
        service = new MemoryService(place, sessions);
    }

    private static CopiedMemory at(Node node) {
        return (CopiedMemory) node.memory();
    }

    @Override
    public List<CopiesActor> shards() {
        return shards;
    }

    @Override
    public boolean decides(Life life, int shard) {
        return places.get(shard).primary().equals(life);
    }

    @Override
    public boolean hasCopies() {
        return true;
    }

    @Override
    public void begin(DomainView domain) {
        ShardMap map = new ShardMap(domain.firstGfns());
        generation = domain.generation();
        places = domain.places();
        proposals = new Proposals(place, generation);
        for (int i = 0; i < map.size(); i++) {
            int index = i;
            ways.add(message -> call(TypesRole.NAME, index, TrafficClass.CALLS, (ShardMessage.Call) message));
            shards.add(new CopiesActor(world, place, node, this, map, witnesses.get(i), domain, i));
        }
        types = new TypesRole(
                place,
                outside -> new TypeTurns(
                        Layout.DOMID,
                        map,
                        ways,
                        calls,
                        place.life(),
                        places.getFirst().epoch(),
                        outside));
        service.serves(handle(domain));
    }

    private DomainHandle handle(DomainView domain) {
        return new DomainHandle(
                domain.domid(),
                domain.generation(),
                domain.nrPages(),
                domain.nrVcpus(),
                nobody -> {},
                new ShardMap(domain.firstGfns()),
                ways,
                message -> toTypes((TypesMessage.Call) message),
                new DomainHandle.Here(List.of(), nobody -> {}),
                Map.of(),
                domain.table().state() == DecisionTable.State.CRASHED,
                calls);
    }

    /** Where memory and type calls enter the node. */
    public MemoryService service() {
        return service;
    }

    @Override
    public void sessions(long revision, List<Long> begun, List<Long> ended) {
        live.addAll(begun);
        ended.forEach(live::remove);
        sessions.change(revision, begun, ended);
    }

    /** The client sessions that the node knows of, by the real rules. */
    public ClientSessions sessions() {
        return sessions;
    }

    /** Those that there are. */
    Set<Long> liveSessions() {
        return live;
    }

    Proposals proposals() {
        return Objects.requireNonNull(proposals);
    }

    private TypesRole types() {
        return Objects.requireNonNull(types);
    }

    /** What shards answer to calls of this node. */
    AnswerRoute answers() {
        return answer -> calls.tell(world.seams.answer(answer));
    }

    // ---- the registry moves on

    @Override
    public BitSet place(DomainView before, DomainView now) {
        places = now.places();
        BitSet moved = new BitSet();
        for (int i = 0; i < places.size(); i++) {
            Life primary = places.get(i).primary();
            if (!primary.equals(before.places().get(i).primary())) {
                moved.set(i);
                hasTakenOver |= isSelf(primary);
            }
        }
        if (!moved.isEmpty()) {
            Refusal why = Refusal.of(Errno.EAGAIN, "a shard of the domain goes on at another node")
                    .with("effect", "unknown");
            calls.shardsMoved(why);
            types().tell("registry of the node", new TypesMessage.ShardsMoved(!isAtTypes(), why));
        }
        service.serves(handle(now));
        return moved;
    }

    @Override
    public void told(DomainView now, BitSet moved) {
        if (!moved.isEmpty() && isAtTypes()) {
            types().tell(
                            "registry of the node",
                            new TypesMessage.Recover(places.getFirst().epoch()));
        }
    }

    private boolean isSelf(Life life) {
        return life.equals(place.life());
    }

    /** Whether the domain's type calls are carried out here. */
    private boolean isAtTypes() {
        return isSelf(places.getFirst().primary());
    }

    void isCaughtUp(int index, ShardPlace at) {
        if (caughtUp.caughtUp(index, at)) {
            proposals().addBackup(at);
        }
    }

    void isFrozen(int index, ShardPlace at) {
        if (frozen.caughtUp(index, at)) {
            proposals().handOver(at);
        }
    }

    @Override
    public void whenSent(Runnable sent) {
        int[] left = {shards.size() + 1};
        Runnable one = () -> {
            if (--left[0] == 0) {
                sent.run();
            }
        };
        for (CopiesActor shard : shards) {
            Runnable back =
                    () -> place.between(shard.name(), "registry of the node").tell("sent", one);
            place.between("registry of the node", shard.name())
                    .tell("await sent", () -> shard.tell(new ShardMessage.AwaitSent(back)));
        }
        one.run();
    }

    @Override
    public void tick(long nowNanos) {
        if (types != null) {
            types.tick(nowNanos);
        }
    }

    // ---- between copies

    /** A copy tells that of another life what it has done, or has done, too. */
    void toCopy(Life to, int index, ShardMessage message) {
        ShardMessage sent = world.seams.toCopy(index, message);
        if (message instanceof ShardMessage.Change change
                && isLive(change)
                && places.get(index).state() == ShardPlace.State.DUAL
                && world.seams.acknowledgesForBackups()) {
            place.between("link", shards.get(index).name())
                    .tell(
                            "acknowledged",
                            () -> shards.get(index).tell(new ShardMessage.ChangeAck(change.base(), change.number())));
        }
        if (message instanceof ShardMessage.Change change
                && change.step() instanceof ShardStep.Chunk chunk
                && chunk.bytes().length > 0) {
            place.holdUp(to, TrafficClass.REPLICATION);
        }
        place.toPeer(
                to,
                TrafficClass.REPLICATION,
                () -> "shard " + index + " to its other copy: " + text(sent),
                (peer, times) -> peer.routes().whenKnown(generation, () -> at(peer).arrive("copy", index, sent)));
    }

    /** Of what comes after a copy is whole. */
    private static boolean isLive(ShardMessage.Change change) {
        return !(change.step() instanceof ShardStep.Chunk) && !(change.step() instanceof ShardStep.Image);
    }

    private static String text(ShardMessage message) {
        return switch (message) {
            case ShardMessage.Change change ->
                "step " + change.number() + " of " + change.base() + ": "
                        + (isLive(change)
                                ? change.step()
                                : change.step().getClass().getSimpleName());
            case ShardMessage.ChangeAck ack -> "has done " + ack.through() + " of " + ack.base();
            default -> message.toString();
        };
    }

    private void arrive(String from, int index, ShardMessage message) {
        CopiesActor shard = shards.get(index);
        place.between(from, shard.name()).tell(() -> text(message), () -> shard.tell(message));
    }

    // ---- calls

    /** To whoever decides the shard, as this node knows. */
    private void call(String from, int index, TrafficClass of, ShardMessage.Call call) {
        Life primary = places.get(index).primary();
        if (isSelf(primary)) {
            arrive(from, index, call);
        } else {
            place.toPeer(
                    primary,
                    of,
                    () -> "call to shard " + index + ": " + call,
                    (peer, times) ->
                            peer.routes().whenKnown(generation, () -> at(peer).relay(place.life(), from, index, call)));
        }
    }

    /** A call of another life's. */
    private void relay(Life asker, String from, int index, ShardMessage.Call call) {
        Consumer<CallAnswer> back = back(asker, call.call());
        if (!isSelf(places.get(index).primary())) {
            Refusal elsewhere =
                    Refusal.of(Errno.EAGAIN, "the shard is at another node").with("effect", "none");
            back.accept(new CallAnswer.Done(call.call(), index, Optional.of(elsewhere)));
            return;
        }
        DomainCalls.Call relayed = calls.begin(
                refusal -> refusal.ifPresent(why -> back.accept(new CallAnswer.Done(call.call(), index, refusal))));
        relayed.onAnswer(answer -> {
            back.accept(answer);
            relayed.answer(Optional.empty());
        });
        arrive(from, index, call.under(relayed.number()));
    }

    /** To where another life waits for it under a number. */
    private Consumer<CallAnswer> back(Life asker, long number) {
        return answer -> place.toPeer(
                asker,
                TrafficClass.ANSWERS,
                () -> "answer " + answer,
                (peer, times) -> at(peer).calls.tell(answer.under(number)));
    }

    @Override
    public void write(ServerActor server, long home, long gpa, long value, Consumer<Optional<Refusal>> reply) {
        byte[] bytes = new byte[Long.BYTES];
        for (int i = 0; i < bytes.length; i++) {
            bytes[i] = (byte) (value >>> (8 * i));
        }
        DomainCalls.Call call = calls.begin(reply);
        call.onAnswer(answer -> call.answer(((CallAnswer.Done) answer).refusal()));
        Segments segments = new Segments(new long[] {gpa}, new int[] {bytes.length}, new int[] {0}, bytes);
        call(
                server.name(),
                Layout.shardOf(gpa),
                TrafficClass.ANSWERS,
                new ShardMessage.LetPass(server.id, home, new ShardMessage.WriteSegments(call.number(), segments)));
    }

    // ---- types

    /** To whoever carries out the domain's type calls, as this node knows. */
    private void toTypes(TypesMessage.Call call) {
        if (isAtTypes()) {
            types().tell("service", call);
        } else {
            place.toPeer(
                    places.getFirst().primary(),
                    TrafficClass.CALLS,
                    () -> "type call: " + call,
                    (peer, times) ->
                            peer.routes().whenKnown(generation, () -> at(peer).relayTypes(place.life(), call)));
        }
    }

    /** A call of another life's. */
    private void relayTypes(Life asker, TypesMessage.Call call) {
        Consumer<CallAnswer> back = back(asker, call.call());
        if (!isAtTypes()) {
            back.accept(new CallAnswer.Ended(
                    call.call(),
                    Optional.of(Refusal.of(Errno.EAGAIN, "the shard is at another node")
                            .with("effect", "none"))));
            return;
        }
        DomainCalls.Call relayed = calls.begin(
                refusal -> refusal.ifPresent(why -> back.accept(new CallAnswer.Ended(call.call(), refusal))));
        relayed.onAnswer(answer -> {
            back.accept(answer);
            relayed.answer(Optional.empty());
        });
        types().tell("service", call.under(relayed.number()));
    }

    @Override
    public void reset(int x, Runnable done) {
        if (!isAtTypes()) {
            // Another node does it.
            done.run();
        } else {
            types().tell(
                            "registry of the node",
                            new TypesMessage.Reset(
                                    x,
                                    () -> place.between(TypesRole.NAME, "registry of the node")
                                            .tell("reset", done)));
        }
    }

    /** Whether no type call is under way here. */
    public boolean isIdle() {
        return types == null || !isAtTypes() || types().isIdle();
    }

    /** Where the shards are, for a reader. */
    @Override
    public String toString() {
        return "places " + places + (hasTakenOver ? ", has taken over" : "");
    }
}

package io.trapline.node.registry;

import io.trapline.model.Errno;
import io.trapline.model.Refusal;
import io.trapline.node.protocol.CallAnswer;
import io.trapline.node.protocol.FromPeer;
import io.trapline.node.protocol.Life;
import io.trapline.node.protocol.ShardMessage;
import io.trapline.node.protocol.ShardPlace;
import io.trapline.node.protocol.ShardRoute;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.Collections;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.function.IntFunction;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.apache.pekko.actor.typed.ActorRef;
import org.jspecify.annotations.Nullable;

/**
 * The shards of one domain: the actors of the copies that are here, and the ways to those who decide each, wherever they are. Owned by the registry's actor;
 * the ways are for any thread.
 */
final class DomainShards {
    private final DomainPeers peers;
    private final DomainCalls calls;
    private final List<Role<ShardMessage>> roles;
    private final List<ShardWay> ways = new ArrayList<>();
    private final List<ShardWay> waysOfServers = new ArrayList<>();
    private volatile List<ShardPlace> places;
    /** Whether shards are decided here that others decided before, and may have retyped. */
    private boolean hasTakenOver;

    /** @param role the place for the actor of the shard with that index */
    DomainShards(List<ShardPlace> places, DomainPeers peers, DomainCalls calls, IntFunction<Role<ShardMessage>> role) {
        this.places = places;
        this.peers = peers;
        this.calls = calls;
        roles = IntStream.range(0, places.size()).mapToObj(role).toList();
        for (int i = 0; i < places.size(); i++) {
            int index = i;
            Life primary = places.get(i).primary();
            ways.add(new ShardWay(life -> copy(life, index), primary));
            waysOfServers.add(new ShardWay(life -> copyOfServers(life, index), primary));
        }
    }

    int size() {
        return roles.size();
    }

    /** By shard the way to who decides it, which moves with it. */
    List<ShardRoute> ways() {
        return List.copyOf(ways);
    }

    /** The same for servers, whose calls come in order with their answers (F2). */
    List<ShardRoute> waysOfServers() {
        return List.copyOf(waysOfServers);
    }

    /** By shard the way to who decides it now, which does not move. Any thread. */
    List<ShardRoute> waysNow() {
        List<ShardPlace> now = places;
        return IntStream.range(0, now.size())
                .mapToObj(i -> copy(now.get(i).primary(), i))
                .toList();
    }

    /** Those of these shards, that do not move. */
    Map<Integer, ShardRoute> waysNow(BitSet which) {
        return which.stream()
                .boxed()
                .collect(Collectors.toMap(i -> i, i -> copy(places.get(i).primary(), i)));
    }

    /** By shard the way for peers to a copy that is here. */
    List<ShardRoute> here() {
        return IntStream.range(0, roles.size())
                .<ShardRoute>mapToObj(index -> message -> tellHere(index, message))
                .toList();
    }

    /** The way to the copy that a life has. Any thread. */
    ShardRoute copy(Life life, int index) {
        return peers.isSelf(life) ? roles.get(index)::tell : peers.shard(life, index);
    }

    private ShardRoute copyOfServers(Life life, int index) {
        return peers.isSelf(life) ? roles.get(index)::tell : peers.shardOfServers(life, index);
    }

    /** Where guests are best off, {@code host:port}: with who decides most shards; of several, the lowest. Empty where that is here. Any thread. */
    Optional<String> guestsNode() {
        List<Life> primaries = places.stream().map(ShardPlace::primary).toList();
        Life most = primaries.stream()
                .max(Comparator.comparingInt(life -> Collections.frequency(primaries, life)))
                .orElseThrow();
        return peers.isSelf(most) ? Optional.empty() : peers.address(most);
    }

    /** What peers tell a shard. One that has no copy here, as far as is known, may be about to have one. Any thread. */
    private void tellHere(int index, ShardMessage message) {
        ShardMessage told = message instanceof ShardMessage.FromPeer come ? come.message() : message;
        ShardPlace place = places.get(index);
        Role<ShardMessage> role = roles.get(index);
        if (told instanceof ShardMessage.Change
                || peers.isSelf(place.primary())
                || place.isCopy(peers.self())
                || role.actor() != null) {
            role.tell(message);
        } else if (told instanceof ShardMessage.Call call) {
            calls.tell(new CallAnswer.Done(call.call(), index, Optional.of(elsewhere())));
        } else {
            FromPeer.lost(message);
        }
    }

    /** What is told who asks here for what another node decides. */
    static Refusal elsewhere() {
        return Refusal.of(Errno.EAGAIN, "the shard is at another node").with("effect", "none");
    }

    /** Who decides the first one, and so carries out the domain's type calls. Any thread. */
    Life first() {
        return places.getFirst().primary();
    }

    /** The revision at which the first one's placement began. */
    long firstEpoch() {
        return places.getFirst().epoch();
    }

    /** Whether some are decided here that others decided before, and may have retyped. */
    boolean hasTakenOver() {
        return hasTakenOver;
    }

    /** They are there from now on. Returns those that another life decides than before. */
    BitSet place(List<ShardPlace> now) {
        List<ShardPlace> before = places;
        places = now;
        BitSet moved = new BitSet();
        for (int i = 0; i < now.size(); i++) {
            Life primary = now.get(i).primary();
            if (!primary.equals(before.get(i).primary())) {
                ways.get(i).leadTo(primary);
                waysOfServers.get(i).leadTo(primary);
                moved.set(i);
                hasTakenOver |= peers.isSelf(primary);
            }
        }
        return moved;
    }

    /** A copy that nobody has asked anything goes elsewhere like any other: its actor is started for that. */
    void beginMoves() {
        for (int i = 0; i < roles.size(); i++) {
            ShardPlace place = places.get(i);
            boolean moves = place.state() == ShardPlace.State.SYNCING || place.handsOver();
            if (moves && peers.isSelf(place.primary()) && roles.get(i).actor() == null) {
                roles.get(i).tell(new ShardMessage.Resume());
            }
        }
    }

    /** The actor of a copy that is here. */
    @Nullable
    ActorRef<ShardMessage> actor(int index) {
        return roles.get(index).actor();
    }

    /** All of them. */
    List<ActorRef<ShardMessage>> actors() {
        return roles.stream()
                .map(Role::actor)
                .filter(Objects::nonNull)
                .map(Objects::requireNonNull)
                .toList();
    }

    /**
     * Runs something once no shard here has anything at the server that was decided before that revision and does not go there any more (V-10).
     *
     * @param done run on any thread; not at all where the domain stops first
     */
    void awaitReturned(int id, long revision, Runnable done) {
        List<ActorRef<ShardMessage>> asked = actors();
        Countdown all = new Countdown(asked.size() + 1, done);
        asked.forEach(shard -> shard.tell(new ShardMessage.AwaitReturned(id, revision, all)));
        all.run();
    }

    /**
     * Runs something once what they have asked so far has left: with a backup, that is when it knows of it.
     *
     * @param atOnce run where there is no actor
     * @param later run on any thread; not at all where the domain stops first
     */
    void awaitSent(Runnable atOnce, Runnable later) {
        List<ActorRef<ShardMessage>> asking = actors();
        if (asking.isEmpty()) {
            atOnce.run();
        } else {
            Countdown all = new Countdown(asking.size(), later);
            asking.forEach(shard -> shard.tell(new ShardMessage.AwaitSent(all)));
        }
    }

    void stop() {
        roles.forEach(role -> role.end(new ShardMessage.Stop()));
    }
}

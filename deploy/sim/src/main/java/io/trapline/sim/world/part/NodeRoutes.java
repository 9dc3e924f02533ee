package io.trapline.sim.world.part;

import io.trapline.node.peer.TrafficClass;
import io.trapline.node.protocol.Life;
import io.trapline.node.registry.DomainView;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import java.util.function.LongUnaryOperator;
import java.util.function.Supplier;

/** The ways from one life of a node to the domain's actors, here and at others, and what has come from others too early. */
public final class NodeRoutes {
    private final Place place;
    private final Node node;
    /** What has come from peers that know more than this node. */
    private final List<Early> early = new ArrayList<>();

    private record Early(long needs, Runnable step) {}

    NodeRoutes(Place place, Node node) {
        this.place = place;
        this.node = node;
    }

    /** To a shard, where the node knows it to be decided. */
    public void toShard(String from, int index, TrafficClass of, Supplier<String> what, Told<Shard> message) {
        toShardAt(node.known().orElseThrow().primaries().get(index), from, index, of, what, message);
    }

    /** To whatever that life has of a shard. */
    public void toShardAt(
            Life primary, String from, int index, TrafficClass of, Supplier<String> what, Told<Shard> message) {
        DomainView domain = node.known().orElseThrow();
        if (primary.equals(place.life())) {
            tellShard(from, index, what, shard -> message.at(shard, LongUnaryOperator.identity()));
        } else {
            long generation = domain.generation();
            place.toPeer(
                    primary,
                    of,
                    what,
                    (peer, times) -> peer.routes()
                            .whenKnown(
                                    generation,
                                    () -> peer.routes()
                                            .tellShard(from, index, what, shard -> message.at(shard, times))));
        }
    }

    private void tellShard(String from, int index, Supplier<String> what, Consumer<Shard> message) {
        if (index < node.memory().shards().size()) {
            Shard shard = node.memory().shards().get(index);
            place.between(from, shard.name()).tell(what, () -> message.accept(shard));
        }
    }

    /** To a server where it is at home. */
    public void toServer(String from, ServerAt to, TrafficClass of, Supplier<String> what, Told<ServerActor> message) {
        if (to.home().equals(place.life())) {
            tellServer(from, to.name(), what, server -> message.at(server, LongUnaryOperator.identity()), () -> {});
        } else {
            toServerElsewhere(from, to, of, what, message, () -> {});
        }
    }

    /** To wherever a server is, as far as this node knows. */
    void toHome(String from, ServerName name, Supplier<String> what, Told<ServerActor> message, Runnable unknown) {
        Life home = node.server(name).map(known -> node.home(known.id)).orElse(place.life());
        if (home.equals(place.life())) {
            tellServer(from, name, what, server -> message.at(server, LongUnaryOperator.identity()), unknown);
        } else {
            toServerElsewhere(from, new ServerAt(name, home), TrafficClass.CALLS, what, message, unknown);
        }
    }

    private void toServerElsewhere(
            String from,
            ServerAt to,
            TrafficClass of,
            Supplier<String> what,
            Told<ServerActor> message,
            Runnable unknown) {
        place.toPeer(
                to.home(),
                of,
                what,
                (peer, times) -> peer.routes()
                        .whenKnown(
                                to.name().generation(),
                                () -> peer.routes()
                                        .tellServer(
                                                from, to.name(), what, server -> message.at(server, times), unknown)));
    }

    private void tellServer(
            String from, ServerName name, Supplier<String> what, Consumer<ServerActor> message, Runnable unknown) {
        ServerActor server = node.anyServer(name);
        if (server == null) {
            unknown.run();
        } else {
            place.between(from, server.name()).tell(what, () -> message.accept(server));
        }
    }

    /** To the guests at a life of a node. */
    public void toVcpus(String from, Life guests, Supplier<String> what, Told<VcpusActor> message) {
        if (guests.equals(place.life())) {
            tellVcpus(from, what, to -> message.at(to, LongUnaryOperator.identity()));
        } else {
            long generation = node.known().orElseThrow().generation();
            place.toPeer(
                    guests,
                    TrafficClass.ANSWERS,
                    what,
                    (peer, times) -> peer.routes()
                            .whenKnown(
                                    generation,
                                    () -> peer.routes().tellVcpus(from, what, to -> message.at(to, times))));
        }
    }

    private void tellVcpus(String from, Supplier<String> what, Consumer<VcpusActor> message) {
        VcpusActor to = node.vcpus().orElse(null);
        if (to != null) {
            place.between(from, "vcpus").tell(what, () -> message.accept(to));
        }
    }

    /** Does something once the node knows the registry up to that revision, behind what waits already. */
    public void whenKnown(long revision, Runnable step) {
        if (early.isEmpty() && node.revision() >= revision) {
            step.run();
        } else {
            early.add(new Early(revision, step));
        }
    }

    /** The node knows more. */
    void advance() {
        while (!early.isEmpty() && early.getFirst().needs() <= node.revision()) {
            early.removeFirst().step().run();
        }
    }
}

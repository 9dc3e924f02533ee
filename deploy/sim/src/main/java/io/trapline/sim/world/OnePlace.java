package io.trapline.sim.world;

import io.trapline.internal.v1.Answer;
import io.trapline.internal.v1.Command;
import io.trapline.node.peer.TrafficClass;
import io.trapline.node.protocol.Life;
import io.trapline.node.registry.PeerNode;
import io.trapline.sim.world.part.Commands;
import io.trapline.sim.world.part.Node;
import io.trapline.sim.world.part.Place;
import io.trapline.sim.world.part.ServerActor;
import io.trapline.sim.world.part.ShardActor;
import io.trapline.sim.world.part.Told;
import io.trapline.sim.world.part.Way;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.Supplier;

/** The only node, next to the coordinator. */
final class OnePlace implements Place {
    private final World world;
    private final Life life = new Life(Commands.NODE, Commands.INCARNATION);
    private final Channel toCoordinator;
    private boolean isHeard = true;

    OnePlace(World world) {
        this.world = world;
        toCoordinator = world.schedule.channel("node→coordinator");
    }

    @Override
    public Life life() {
        return life;
    }

    @Override
    public long now() {
        return world.schedule.getAsLong();
    }

    @Override
    public boolean serves() {
        return true;
    }

    @Override
    public Way between(String from, String to) {
        return world.schedule.between(from, to);
    }

    @Override
    public void know(long revision, List<PeerNode> nodes) {
        // Itself.
    }

    @Override
    public void toPeer(Life peer, TrafficClass of, Supplier<String> what, Told<Node> message) {
        throw new IllegalStateException("there is no " + peer);
    }

    @Override
    public void holdUp(Life peer, TrafficClass of) {
        throw new IllegalStateException("there is no " + peer);
    }

    @Override
    public void execute(Supplier<String> what, Command command, Consumer<Optional<Answer>> reply) {
        world.schedule.channel("node executes").tell(what, () -> {
            Answer answer = world.coordinator.execute(
                    command,
                    false,
                    returned -> world.schedule
                            .channel("coordinator answers")
                            .tell(() -> "answered: " + what.get(), () -> reply.accept(Optional.of(returned))));
            world.schedule.say(() -> "the registry says " + answer.getRevision());
        });
    }

    /** Nothing that is said is heard until {@link #sessionBegins}. */
    void sessionLost() {
        isHeard = false;
        toCoordinator.clear();
    }

    void sessionBegins() {
        isHeard = true;
    }

    @Override
    public void acknowledged(long revision) {
        say("acknowledges " + revision, () -> world.coordinator.acknowledged(revision));
    }

    @Override
    public void reported(long revision) {
        say("drained " + revision, () -> world.coordinator.drained(revision));
    }

    private void say(String what, Runnable arrive) {
        if (isHeard) {
            toCoordinator.tell(what, arrive);
        }
    }

    @Override
    public void drained(ServerActor server, long revision, Runnable report) {
        if (world.schedule.oneProcess()) {
            between(server.name(), "registry of the node").tell(() -> "drained " + revision, report);
            return;
        }
        // Where actors do not share a queue: what shards have decided by the older state reaches the server, and what
        // it sends back reaches them, before anybody acts on the drain's end.
        int[] left = {world.memory.shards().size()};
        for (ShardActor shard : world.memory.shards()) {
            Runnable back = () -> passes(server.name(), shard.name(), revision, () -> {
                if (--left[0] == 0) {
                    report.run();
                }
            });
            Runnable follows = () -> passes(shard.name(), server.name(), revision, back);
            passes(server.name(), shard.name(), revision, () -> shard.whenApplied(revision, follows));
        }
    }

    private void passes(String from, String to, long revision, Runnable arrive) {
        between(from, to).tell(() -> "nothing of before " + revision + " follows", arrive);
    }
}

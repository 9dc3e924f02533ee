package io.trapline.sim.world;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.function.Supplier;

/** One stream of a guest: what the node says on it, and how its messages come to the actor of the vCPUs. */
final class GuestLink {
    private final World world;
    private final Guest guest;
    private final Network network;
    private final String name;
    private List<Answer> answers = new ArrayList<>();

    record Answer(int vcpu, long sequence, long data, byte errno) {}

    GuestLink(World world, Guest guest, String name) {
        this.world = world;
        this.guest = guest;
        this.name = name;
        network = new Network(world.schedule, name);
    }

    // From the guest.

    void sendOpen(int vcpu, int window) {
        toVcpus(() -> "open", () -> world.node.vcpus.open(this, vcpu, window));
    }

    void sendResume(int vcpu, long token, long receivedThrough) {
        toVcpus(
                () -> "resume, received through " + receivedThrough,
                () -> world.node.vcpus.resume(this, vcpu, token, receivedThrough));
    }

    void sendBatch(int vcpu, List<GuestRow> rows, long receivedThrough) {
        toVcpus(
                () -> rows.size() + " rows from " + rows.getFirst().sequence() + ", received through "
                        + receivedThrough,
                () -> {
                    world.node.vcpus.received(this, vcpu, receivedThrough);
                    world.node.vcpus.batch(this, vcpu, rows);
                });
    }

    void sendReceived(int vcpu, long through) {
        toVcpus(() -> "received through " + through, () -> world.node.vcpus.received(this, vcpu, through));
    }

    private void toVcpus(Supplier<String> what, Runnable handle) {
        // All streams of a client come through one node: a resume of an earlier one does not arrive after a later
        // one's.
        network.toNode(
                what, () -> world.schedule.between(guest.name(), "vcpus").tell(() -> name + " " + what.get(), handle));
    }

    // From the node.

    void opened(long epoch, long nextSequence, long token) {
        network.toClient(() -> "opened at " + epoch, () -> guest.opened(this, epoch, nextSequence, token));
    }

    void refused() {
        network.toClient(() -> "open refused", () -> guest.fenced(this));
    }

    void fenced() {
        network.end(() -> "fenced", () -> guest.fenced(this));
    }

    void gather(int vcpu, long sequence, long data, byte errno) {
        answers.add(new Answer(vcpu, sequence, world.seams.toldToGuest(data), errno));
    }

    void flush() {
        List<Answer> batch = answers;
        answers = new ArrayList<>();
        network.toClient(() -> "answers " + text(batch), () -> guest.answered(this, batch));
    }

    private static String text(List<Answer> batch) {
        StringBuilder text = new StringBuilder();
        for (Answer answer : batch) {
            text.append(String.format(Locale.ROOT, "#%d=%x errno %d ", answer.sequence, answer.data, answer.errno));
        }
        return text.toString();
    }

    void cut() {
        network.cut(
                () -> guest.lost(this),
                () -> world.schedule.between(guest.name(), "vcpus").tell("gone", () -> world.node.vcpus.gone(this)));
    }

    boolean isCut() {
        return network.isCut();
    }
}

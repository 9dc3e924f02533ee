package io.trapline.sim.world.part;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.function.Consumer;
import java.util.function.Supplier;

/** One stream of a guest: what the node says on it, and how its messages come to the actor of the vCPUs. */
public final class GuestLink {
    private final Stage world;
    private final Guest guest;
    private final Stream stream;
    private final Node node;
    private final String name;
    private List<Answer> answers = new ArrayList<>();

    public record Answer(int vcpu, long sequence, long data, byte errno, boolean fromShard) {}

    public GuestLink(Stage world, Guest guest, Reach reach, String name) {
        this.world = world;
        this.guest = guest;
        this.name = name;
        Reach.Connection to =
                reach.open(name, () -> guest.lost(this), () -> toVcpus("gone", vcpus -> vcpus.gone(this)));
        stream = to.stream();
        node = to.node();
    }

    // From the guest.

    public void sendOpen(int vcpu, int window) {
        send(() -> "open", vcpus -> vcpus.open(this, vcpu, window));
    }

    public void sendResume(int vcpu, long token, long receivedThrough) {
        send(
                () -> "resume, received through " + receivedThrough,
                vcpus -> vcpus.resume(this, vcpu, token, receivedThrough));
    }

    /** Rows; {@code resent}: they were sent before. */
    public void sendBatch(int vcpu, List<GuestRow> rows, boolean resent, long receivedThrough) {
        boolean marked = world.seams.resent(resent);
        send(
                () -> rows.size() + (resent ? " resent" : "") + " rows from "
                        + rows.getFirst().sequence() + ", received through " + receivedThrough,
                vcpus -> {
                    vcpus.received(this, vcpu, receivedThrough);
                    vcpus.batch(this, vcpu, marked, rows);
                });
    }

    public void sendReceived(int vcpu, long through) {
        send(() -> "received through " + through, vcpus -> vcpus.received(this, vcpu, through));
    }

    private void send(Supplier<String> what, Consumer<VcpusActor> handle) {
        stream.toNode(what, () -> toVcpus(what.get(), handle));
    }

    /** All streams of a client at a node come through one actor: a resume of an earlier one does not arrive after a later one's. */
    private void toVcpus(String what, Consumer<VcpusActor> handle) {
        node.vcpus()
                .ifPresentOrElse(
                        vcpus -> node.between(guest.name(), "vcpus")
                                .tell(() -> name + " " + what, () -> handle.accept(vcpus)),
                        this::putOff);
    }

    // From the node.

    public void opened(long epoch, long nextSequence, long token) {
        stream.toClient(() -> "opened at " + epoch, () -> guest.opened(this, epoch, nextSequence, token));
    }

    /** Not here, or not now. */
    public void putOff() {
        stream.end(() -> "come again", () -> guest.lost(this));
    }

    public void refused() {
        stream.toClient(() -> "open refused", () -> guest.fenced(this));
    }

    public void fenced() {
        stream.end(() -> "fenced", () -> guest.fenced(this));
    }

    /** One more answer; {@code fromShard}: a shard has found that outcome, and no gateway by itself. */
    public void gather(int vcpu, long sequence, long data, byte errno, boolean fromShard) {
        answers.add(new Answer(vcpu, sequence, world.seams.toldToGuest(data), errno, fromShard));
    }

    public void flush() {
        List<Answer> batch = answers;
        answers = new ArrayList<>();
        stream.toClient(() -> "answers " + text(batch), () -> guest.answered(this, batch));
    }

    private static String text(List<Answer> batch) {
        StringBuilder text = new StringBuilder();
        for (Answer answer : batch) {
            text.append(String.format(Locale.ROOT, "#%d=%x errno %d ", answer.sequence, answer.data, answer.errno));
        }
        return text.toString();
    }

    public void cut() {
        stream.cut();
    }

    public boolean isCut() {
        return stream.isCut();
    }
}

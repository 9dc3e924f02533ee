package io.trapline.node.peer;

import io.trapline.model.Errno;
import io.trapline.model.Pure;
import io.trapline.model.Refusal;
import io.trapline.node.protocol.Life;
import java.util.Optional;

/** Whether a link's receiver accepts a connection: it must be the life that is meant, and the sender one that is not over (D-18). */
@Pure
public final class LinkAdmission {
    /** What a sender says first. {@code revision}: one at which the sender's life is registered. */
    public record Hello(Life from, Life to, long revision) {}

    /**
     * What the receiver knows.
     *
     * @param self its own life
     * @param revision up to which it knows who is registered
     * @param incarnationOfSender the life of the sender's node that is registered there, 0 = none
     */
    public record Receiver(Life self, long revision, long incarnationOfSender) {}

    private LinkAdmission() {}

    /** Empty = accepted. ESTALE = one of the two lives is over; EAGAIN = not now, or not at this address. */
    public static Optional<Refusal> check(Hello hello, Receiver receiver) {
        Life self = receiver.self();
        if (!hello.to().node().equals(self.node())) {
            return Optional.of(Refusal.of(
                            Errno.EAGAIN,
                            "this is node " + self.node() + ", not "
                                    + hello.to().node())
                    .with("field", "to")
                    .with("value", hello.to()));
        }
        if (hello.to().incarnation() != self.incarnation()) {
            return Optional.of(Refusal.of(Errno.ESTALE, "that life of this node is over")
                    .with("field", "to")
                    .with("value", hello.to()));
        }
        if (hello.from().incarnation() == receiver.incarnationOfSender()) {
            return Optional.empty();
        }
        if (hello.revision() > receiver.revision()) {
            return Optional.of(Refusal.of(Errno.EAGAIN, "this node has not heard of that life yet")
                    .with("field", "from")
                    .with("value", hello.from()));
        }
        return Optional.of(
                Refusal.of(Errno.ESTALE, "that life of node " + hello.from().node() + " is over")
                        .with("field", "from")
                        .with("value", hello.from()));
    }
}

package io.trapline.coordinator.lease;

import io.trapline.coordinator.commit.Committer;
import io.trapline.internal.v1.Answer;
import io.trapline.internal.v1.Command;
import io.trapline.model.Refusal;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;
import org.apache.pekko.actor.typed.ActorRef;

/** Carries commands out, and answers when rule 0 holds for them. Any thread may call it. */
public final class Commands {
    private final ActorRef<Committer.Message> committer;
    private final ActorRef<LeaseKeeper.Message> nodes;
    private final Optional<Inquiries> inquiries;
    private final AtomicLong tokens = new AtomicLong();

    /** {@code inquiries}: of whoever leads when this coordinator does no longer; empty where nobody else can. */
    public Commands(
            ActorRef<Committer.Message> committer, ActorRef<LeaseKeeper.Message> nodes, Optional<Inquiries> inquiries) {
        this.committer = committer;
        this.nodes = nodes;
        this.inquiries = inquiries;
    }

    /**
     * Carries out one command that is well formed by itself. Where this coordinator stops to lead after the command was applied and before rule 0 holds,
     * the next leader says when it does.
     *
     * @param waitForDrain whether to answer only when the drain that it began is over (F5)
     * @param reply gets the answer once, on any thread; must not block
     * @param lost runs instead where nobody can say whether rule 0 holds
     * @return lets the call wait no longer; the command is carried out all the same
     */
    public Runnable execute(Command command, boolean waitForDrain, Consumer<Answer> reply, Runnable lost) {
        long token = tokens.incrementAndGet();
        Cancellation asking = new Cancellation();
        committer.tell(new Committer.Submit(command, answer -> {
            if (answer.getRevision() == 0 && answer.getDrain() == 0) {
                reply.accept(answer);
                return;
            }
            long drain = waitForDrain ? answer.getDrain() : 0;
            nodes.tell(new LeaseKeeper.Await(
                    token,
                    answer.getRevision(),
                    drain,
                    () -> reply.accept(answer),
                    why -> inquiries.ifPresentOrElse(
                            all -> asking.onCancel(
                                    all.begin(answer.getRevision(), drain, () -> reply.accept(answer), lost)),
                            lost)));
        }));
        return () -> {
            nodes.tell(new LeaseKeeper.Cancel(token));
            asking.cancel();
        };
    }

    /**
     * Waits until what was decided is in force.
     *
     * @param revision as {@code AwaitRequest} has it, like the drain
     * @param inForce runs then, on an actor's thread; must not block
     * @param refused gets why that cannot be said here instead
     * @return waits no longer
     */
    public Runnable await(long revision, long drain, Runnable inForce, Consumer<Refusal> refused) {
        long token = tokens.incrementAndGet();
        nodes.tell(new LeaseKeeper.Await(token, revision, drain, inForce, refused));
        return () -> nodes.tell(new LeaseKeeper.Cancel(token));
    }
}

package io.trapline.coordinator.lease;

import io.trapline.coordinator.commit.Committer;
import io.trapline.internal.v1.Answer;
import io.trapline.internal.v1.Command;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;
import org.apache.pekko.actor.typed.ActorRef;

/** Carries commands out, and answers when rule 0 holds for them. Any thread may call it. */
public final class Commands {
    private final ActorRef<Committer.Message> committer;
    private final ActorRef<LeaseKeeper.Message> nodes;
    private final AtomicLong tokens = new AtomicLong();

    public Commands(ActorRef<Committer.Message> committer, ActorRef<LeaseKeeper.Message> nodes) {
        this.committer = committer;
        this.nodes = nodes;
    }

    /**
     * Carries out one command that is well formed by itself.
     *
     * @param waitForDrain whether to answer only when the drain that it began is over (F5)
     * @param reply gets the answer once, on an actor's thread; must not block
     * @param lost runs instead where this coordinator stops to lead after the command was applied and before rule 0 holds
     * @return lets the call wait no longer; the command is carried out all the same
     */
    public Runnable execute(Command command, boolean waitForDrain, Consumer<Answer> reply, Runnable lost) {
        long token = tokens.incrementAndGet();
        committer.tell(new Committer.Submit(command, answer -> {
            if (answer.getRevision() == 0 && answer.getDrain() == 0) {
                reply.accept(answer);
            } else {
                long drain = waitForDrain ? answer.getDrain() : 0;
                nodes.tell(new LeaseKeeper.Await(token, answer.getRevision(), drain, () -> reply.accept(answer), lost));
            }
        }));
        return () -> nodes.tell(new LeaseKeeper.Cancel(token));
    }
}

package io.trapline.coordinator.commit;

import io.trapline.coordinator.registry.RegistryView;
import io.trapline.model.Refusal;
import java.util.concurrent.Executor;
import java.util.function.Consumer;
import java.util.function.Function;
import org.apache.pekko.actor.typed.ActorRef;

/** Reads of the registry that show everything that was acknowledged, by any coordinator, before they began. Any thread may call it. */
public final class ConfirmedReads {
    private final ActorRef<Committer.Message> committer;
    private final Local local;
    private final Executor executor;

    /** The state of this replica, confirmed or not. */
    public interface Local {
        /** Reads it as it is now, from any thread. */
        <T> T read(Function<RegistryView, T> reader);
    }

    /** @param executor where reading and what follows it run: they must not hold up the committer */
    public ConfirmedReads(ActorRef<Committer.Message> committer, Local local, Executor executor) {
        this.committer = committer;
        this.local = local;
        this.executor = executor;
    }

    /**
     * Reads, when a majority has confirmed that this coordinator leads.
     *
     * @param found gets what was read
     * @param refused gets why nothing was: this coordinator does not lead
     */
    public <T> void read(Function<RegistryView, T> reader, Consumer<T> found, Consumer<Refusal> refused) {
        committer.tell(new Committer.Confirm(() -> executor.execute(() -> found.accept(local.read(reader))), refused));
    }
}

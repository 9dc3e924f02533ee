package io.trapline.coordinator.lease;

import io.trapline.coordinator.commit.Committer;
import io.trapline.coordinator.raft.Applied;
import io.trapline.coordinator.registry.RegistryView;
import io.trapline.internal.v1.Answer;
import io.trapline.internal.v1.Command;
import io.trapline.internal.v1.EndSession;
import io.trapline.model.Limit;
import java.time.Duration;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;
import java.util.function.LongSupplier;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.Behavior;
import org.apache.pekko.actor.typed.javadsl.AbstractMatchingBehavior;
import org.apache.pekko.actor.typed.javadsl.ActorContext;
import org.apache.pekko.actor.typed.javadsl.Behaviors;

/**
 * Ends client sessions that nothing was heard of for {@link Limit#SESSION_SILENCE_MILLIS} (section E), on the leader's monotonic clock;
 * a new leader counts from its start.
 */
public final class ClientSessions extends AbstractMatchingBehavior<ClientSessions.Message> {
    private static final Duration TICK = Duration.ofSeconds(1);

    /** What it is told. */
    public sealed interface Message {}

    /** These sessions called. */
    public record Heard(List<Long> sessions) implements Message {}

    /** A session is still in use; the reply says whether it has not ended. */
    public record Renew(long session, Consumer<Boolean> reply) implements Message {}

    /** The replica has applied an entry. */
    public record EntryApplied(Applied applied) implements Message {}

    /** Whether this replica leads. */
    public record Leading(boolean leads) implements Message {}

    /** The coordinator ends. */
    public record Stop() implements Message {}

    private record Tick() implements Message {}

    private record Ended(long session, Answer answer) implements Message {}

    private final ActorRef<Committer.Message> committer;
    private final Views views;
    private final LongSupplier nanoTime;
    private final Map<Long, Long> heardNanos = new HashMap<>();
    private final Set<Long> ending = new HashSet<>();
    private boolean leading;

    private ClientSessions(
            ActorContext<Message> context, ActorRef<Committer.Message> committer, Views views, LongSupplier nanoTime) {
        super(context);
        this.committer = committer;
        this.views = views;
        this.nanoTime = nanoTime;
    }

    /**
     * The keeper of client sessions.
     *
     * @param nanoTime a monotonic clock
     */
    public static Behavior<Message> create(ActorRef<Committer.Message> committer, Views views, LongSupplier nanoTime) {
        return Behaviors.setup(context -> Behaviors.withTimers(timers -> {
            timers.startTimerWithFixedDelay(new Tick(), TICK);
            return new ClientSessions(context, committer, views, nanoTime);
        }));
    }

    @Override
    public Behavior<Message> onMessage(Message message) {
        switch (message) {
            case Heard heard -> heard.sessions().forEach(this::heard);
            case Renew renew -> {
                heard(renew.session());
                renew.reply().accept(heardNanos.containsKey(renew.session()));
            }
            case EntryApplied applied -> applied(applied.applied());
            case Leading now -> leading(now.leads());
            case Tick tick -> endSilent();
            case Ended ended -> ended(ended.session(), ended.answer());
            case Stop stop -> {
                return Behaviors.stopped();
            }
        }
        return this;
    }

    private void heard(long session) {
        heardNanos.computeIfPresent(session, (id, before) -> nanoTime.getAsLong());
    }

    private void applied(Applied applied) {
        applied.results()
                .forEach(result -> result.change().ifPresent(change -> {
                    change.getSessionsList().forEach(session -> heardNanos.put(session, nanoTime.getAsLong()));
                    change.getEndedSessionsList().forEach(session -> {
                        heardNanos.remove(session);
                        ending.remove(session);
                    });
                }));
    }

    private void leading(boolean leads) {
        leading = leads;
        heardNanos.clear();
        ending.clear();
        if (leads) {
            long now = nanoTime.getAsLong();
            views.read(RegistryView::sessions).forEach(session -> heardNanos.put(session, now));
        }
    }

    private void endSilent() {
        if (!leading) {
            return;
        }
        long now = nanoTime.getAsLong();
        long silence = Duration.ofMillis(Limit.SESSION_SILENCE_MILLIS.value()).toNanos();
        heardNanos.forEach((session, heard) -> {
            if (now - heard > silence) {
                ending.add(session);
            }
        });
        // From here on it has ended for its client: a renewal that comes too late must not succeed.
        heardNanos.keySet().removeAll(ending);
        for (long session : Set.copyOf(ending)) {
            Command command = Command.newBuilder()
                    .setEndSession(EndSession.newBuilder().setSession(session))
                    .build();
            committer.tell(new Committer.Submit(
                    command, answer -> getContext().getSelf().tell(new Ended(session, answer))));
        }
    }

    /** A refusal means that the command never went into the log: the next tick tries again. */
    private void ended(long session, Answer answer) {
        if (!answer.hasRefusal()) {
            ending.remove(session);
        }
    }
}

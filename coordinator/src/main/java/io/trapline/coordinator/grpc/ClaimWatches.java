package io.trapline.coordinator.grpc;

import io.grpc.stub.ServerCallStreamObserver;
import io.trapline.coordinator.lease.Views;
import io.trapline.coordinator.raft.Applied;
import io.trapline.coordinator.registry.Reading;
import io.trapline.internal.v1.RegistryChange;
import io.trapline.model.Errno;
import io.trapline.model.Limit;
import io.trapline.model.Refusal;
import io.trapline.rpc.Statuses;
import io.trapline.v1.Claim;
import io.trapline.v1.WatchClaimsRequest;
import io.trapline.v1.WatchClaimsResponse;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.apache.pekko.actor.typed.Behavior;
import org.apache.pekko.actor.typed.javadsl.AbstractMatchingBehavior;
import org.apache.pekko.actor.typed.javadsl.ActorContext;
import org.apache.pekko.actor.typed.javadsl.Behaviors;

/** Everybody who watches claims (C8): first the claims that stand, then every change of one, in order of revision. */
public final class ClaimWatches extends AbstractMatchingBehavior<ClaimWatches.Message> {
    /** What it is told. */
    public sealed interface Message {}

    /** A watcher has come. */
    public record Watch(ServerCallStreamObserver<WatchClaimsResponse> stream, WatchClaimsRequest request)
            implements Message {}

    /** The transport takes more for that stream. */
    public record Ready(Object stream) implements Message {}

    /** The watcher has gone. */
    public record Gone(Object stream) implements Message {}

    /** The replica has applied an entry. */
    public record EntryApplied(Applied applied) implements Message {}

    /** Whether this replica leads. */
    public record Leading(boolean leads) implements Message {}

    /** The coordinator ends. */
    public record Stop() implements Message {}

    private record Start(long revision, Reading<List<Claim>> claims) {}

    private final Views views;
    private final Map<Object, ClaimWatcher> watchers = new LinkedHashMap<>();

    private boolean leads;

    private ClaimWatches(ActorContext<Message> context, Views views) {
        super(context);
        this.views = views;
    }

    public static Behavior<Message> create(Views views) {
        return Behaviors.setup(context -> new ClaimWatches(context, views));
    }

    @Override
    public Behavior<Message> onMessage(Message message) {
        switch (message) {
            case Watch watch -> watch(watch.stream(), watch.request());
            case Ready ready -> ready(ready.stream());
            case Gone gone -> watchers.remove(gone.stream());
            case EntryApplied applied ->
                applied.applied().results().forEach(result -> result.change().ifPresent(this::changed));
            case Leading now -> leading(now.leads());
            case Stop stop -> {
                return Behaviors.stopped();
            }
        }
        return this;
    }

    private void watch(ServerCallStreamObserver<WatchClaimsResponse> stream, WatchClaimsRequest q) {
        if (!leads) {
            // It led when it was confirmed.
            stream.onError(Statuses.toException(leadsNoLonger()));
            return;
        }
        if (watchers.size() >= Limit.MAX_WATCHERS.value()) {
            stream.onError(Statuses.toException(
                    Refusal.overLimit(Errno.EAGAIN, "watchers", watchers.size() + 1L, Limit.MAX_WATCHERS)));
            return;
        }
        Start start = views.read(view -> new Start(
                view.revision(), view.claims(q.getDomid(), q.getDomainGeneration(), 0, 0, Integer.MAX_VALUE)));
        switch (start.claims()) {
            case Reading.Refused<List<Claim>> refused -> stream.onError(Statuses.toException(refused.refusal()));
            case Reading.Found<List<Claim>> found -> {
                ClaimWatcher watcher = new ClaimWatcher(stream, q.getDomid(), start.revision(), found.value());
                if (!stream.isCancelled() && watcher.flush()) {
                    watchers.put(stream, watcher);
                }
            }
        }
    }

    private void ready(Object stream) {
        ClaimWatcher watcher = watchers.get(stream);
        if (watcher != null && !watcher.flush()) {
            watchers.remove(stream);
        }
    }

    private void changed(RegistryChange change) {
        if (change.getClaimsCount() > 0 || change.getRemovedDomainsCount() > 0) {
            watchers.values().removeIf(watcher -> !watcher.changed(change));
        }
    }

    private void leading(boolean now) {
        leads = now;
        if (!now) {
            watchers.values().forEach(watcher -> watcher.end(leadsNoLonger()));
            watchers.clear();
        }
    }

    private static Refusal leadsNoLonger() {
        return Refusal.of(Errno.EAGAIN, "this coordinator leads no longer");
    }
}

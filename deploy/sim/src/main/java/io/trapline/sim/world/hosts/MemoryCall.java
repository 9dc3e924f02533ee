package io.trapline.sim.world.hosts;

import io.trapline.model.Errno;
import io.trapline.model.Refusal;
import io.trapline.node.protocol.RequestName;
import io.trapline.sim.world.cluster.host.Agenda;
import io.trapline.sim.world.cluster.host.SimHost;
import io.trapline.v1.RequestId;
import java.util.Optional;

/**
 * One memory or type call, until its caller has an answer. Under a request id it is asked for again, at any node, where a stream is lost, a node says EAGAIN or nothing
 * for a while, and now and then although it was answered, as by a caller that has lost that (section E).
 */
final class MemoryCall {
    private static final long MILLIS = 1_000_000;
    private static final int LOST_IN = 3;

    /** What its caller knows in the end. */
    sealed interface Outcome {
        /** It was answered: carried out, or refused and not. */
        record Known(Optional<Refusal> refusal) implements Outcome {}

        /** It may have been carried out, or be yet. */
        record Unknown() implements Outcome {}

        default boolean isKnown() {
            return this instanceof Known;
        }

        default boolean isDone() {
            return this instanceof Known(Optional<Refusal> refusal) && refusal.isEmpty();
        }
    }

    /** Its caller knows what came of it. */
    @FunctionalInterface
    interface Ended {
        void with(Outcome outcome);
    }

    private final OwnerCalls calls;
    private final MemoryRequest request;
    private final Optional<RequestId> id;
    private final Ended ended;
    private final Runnable over;
    private final Agenda agenda;
    private final Hosts hosts;
    private boolean isAnswered;
    private boolean isOver;
    private int attempts;

    /**
     * One that has not begun.
     *
     * @param over it is asked for no more
     */
    MemoryCall(OwnerCalls calls, MemoryRequest request, Optional<RequestId> id, Ended ended, Runnable over) {
        this.calls = calls;
        this.request = request;
        this.id = id;
        this.ended = ended;
        this.over = over;
        agenda = calls.agenda;
        hosts = calls.world.hosts;
    }

    void begin() {
        SimHost entry = hosts.primary(0);
        if (!calls.world.isHealing() && agenda.oneIn(2)) {
            // What it has caught may be on its way, and is overtaken by the recall (D-21).
            hosts.node(entry.name()).ifPresent(HostNode::holdUpAccesses);
        }
        // What was asked for without an id comes behind what was before, so that the last that returned is what is
        // there.
        attempt(id.isEmpty() || agenda.oneIn(3) ? entry : agenda.oneOf(hosts.nodeHosts));
    }

    private void attempt(SimHost at) {
        int attempt = ++attempts;
        if (id.isPresent()) {
            hosts.requestChecks.asks(attempt > 1);
        }
        String text = text();
        hosts.net
                .open(
                        calls.owner,
                        at,
                        stream -> hosts.node(at.name()).ifPresent(node -> {
                            agenda.say(() -> at.name() + " is asked for " + text);
                            request.ask(
                                    node.memory().service(),
                                    id,
                                    refusal -> stream.endAtServer(
                                            () -> text + ": "
                                                    + refusal.map(Refusal::message)
                                                            .orElse("done"),
                                            () -> answered(attempt, refusal)));
                        }))
                .onLostAtClient(() -> notAnswered(attempt));
        if (id.isPresent()) {
            // The caller has no patience.
            agenda.after(agenda.between(20 * MILLIS, 2_000 * MILLIS), () -> notAnswered(attempt));
        }
    }

    private String text() {
        return request
                + id.map(of -> ", request " + of.getNumber() + " of " + of.getSession())
                        .orElse("");
    }

    private void answered(int attempt, Optional<Refusal> refusal) {
        id.ifPresent(of -> hosts.requestChecks.answered(
                new RequestName(of.getSession(), of.getNumber(), 0, 0), request.shards(), refusal));
        if (isOver) {
            return;
        }
        boolean isEagain = refusal.map(Refusal::errno).equals(Optional.of(Errno.EAGAIN));
        if (isEagain) {
            if (id.isPresent()) {
                agenda.after(agenda.between(5 * MILLIS, 100 * MILLIS), () -> notAnswered(attempt));
            } else {
                end(new Outcome.Unknown());
            }
            return;
        }
        boolean isFirst = !isAnswered;
        if (isFirst) {
            isAnswered = true;
            ended.with(new Outcome.Known(refusal));
        }
        if (isFirst && id.isPresent() && agenda.oneIn(LOST_IN)) {
            int last = attempts;
            agenda.after(agenda.between(0, 400 * MILLIS), () -> notAnswered(last));
        } else {
            isOver = true;
            over.run();
        }
    }

    /** The caller does not wait any longer, if that was its last attempt. */
    private void notAnswered(int attempt) {
        if (isOver || attempt != attempts) {
            return;
        }
        if (id.isPresent()) {
            attempt(agenda.oneOf(hosts.nodeHosts));
        } else {
            end(new Outcome.Unknown());
        }
    }

    private void end(Outcome outcome) {
        isOver = true;
        ended.with(outcome);
        over.run();
    }
}

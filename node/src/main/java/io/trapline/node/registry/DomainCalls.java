package io.trapline.node.registry;

import io.trapline.model.Errno;
import io.trapline.model.Refusal;
import io.trapline.node.protocol.AnswerRoute;
import io.trapline.node.protocol.CallAnswer;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The calls that this node has under way in a domain, by the numbers under which its actors are asked and answer. An actor that has stopped answers
 * nothing: when the domain or a server goes, what waits for it is refused here, so that every call ends. Any thread.
 */
public final class DomainCalls implements AnswerRoute {
    private static final Logger LOG = LoggerFactory.getLogger(DomainCalls.class);

    private final int domid;
    private final AtomicLong lastNumber = new AtomicLong();
    private final ConcurrentHashMap<Long, Call> underWay = new ConcurrentHashMap<>();
    /** By id the newest generation whose actor is gone. */
    private final ConcurrentHashMap<Integer, Long> goneServers = new ConcurrentHashMap<>();
    /** By id the epoch of the home to which it has come last. */
    private final ConcurrentHashMap<Integer, Long> homes = new ConcurrentHashMap<>();

    private volatile @Nullable Refusal closed;

    /** Those of one domain. */
    public DomainCalls(int domid) {
        this.domid = domid;
    }

    /** A call that no server gates. The consumer is given a refusal or empty, once, on any thread, and must not block. */
    public Call begin(Consumer<Optional<Refusal>> answer) {
        return begin(new Call(answer, -1, 0, 0, true));
    }

    /** A call that is made for a server (F2). */
    public Call begin(ServerHandle server, Consumer<Optional<Refusal>> answer) {
        return begin(new Call(answer, server.id(), server.generation(), server.homeEpoch(), true));
    }

    /** What lasts while the domain is here and waits for no shard, such as a guest's stream: shards may move. As {@link #begin} otherwise. */
    public Call whileHere(Consumer<Optional<Refusal>> end) {
        return begin(new Call(end, -1, 0, 0, false));
    }

    /** What is asked of a server's actor alone: shards may move. As {@link #begin} otherwise. */
    public Call whileHere(ServerHandle server, Consumer<Optional<Refusal>> end) {
        return begin(new Call(end, server.id(), server.generation(), server.homeEpoch(), false));
    }

    private Call begin(Call call) {
        underWay.put(call.number, call);
        // What ended meanwhile may have passed by before the call was there.
        Refusal why = closed;
        if (why != null) {
            call.answer(Optional.of(why));
        } else if (call.serverGeneration <= goneServers.getOrDefault(call.serverId, -1L)) {
            call.answer(Optional.of(Refusal.noServer(domid, call.serverId)));
        } else if (call.homeEpoch < homes.getOrDefault(call.serverId, -1L)) {
            call.answer(Optional.of(moved(domid, call.serverId)));
        }
        return call;
    }

    /** The actors are gone: every call is refused, also those that come. */
    void close(Refusal why) {
        closed = why;
        for (Call call : underWay.values()) {
            call.answer(Optional.of(why));
        }
    }

    /** Shards are decided elsewhere from now on: what was under way may be lost, whether it was carried out or not. */
    public void shardsMoved(Refusal why) {
        for (Call call : underWay.values()) {
            if (call.asksShards) {
                call.answer(Optional.of(why));
            }
        }
    }

    /** A server's actor is gone: calls that wait for its gate are refused. */
    public void serverGone(int id, long generation) {
        goneServers.merge(id, generation, Math::max);
        for (Call call : underWay.values()) {
            if (call.serverId == id && call.serverGeneration == generation && !call.gatePassed) {
                call.answer(Optional.of(Refusal.noServer(domid, id)));
            }
        }
    }

    /** A server has another home: calls that wait for its gate at an earlier one are refused, since that one may say nothing any more. */
    public void serverMoved(int id, long homeEpoch) {
        homes.merge(id, homeEpoch, Math::max);
        for (Call call : underWay.values()) {
            if (call.serverId == id && call.homeEpoch < homeEpoch && !call.gatePassed) {
                call.answer(Optional.of(moved(domid, id)));
            }
        }
    }

    /** What waits for the gate of a server whose home has changed: whether the earlier home let it pass is not known. */
    public static Refusal moved(int domid, int id) {
        return Refusal.of(Errno.EAGAIN, "id = " + id + ": the server's emulator goes on at another node")
                .with("domid", domid)
                .with("id", id)
                .with("effect", "unknown");
    }

    @Override
    public void tell(CallAnswer answer) {
        Call call = underWay.get(answer.call());
        if (call == null) {
            return;
        }
        try {
            call.onAnswer.accept(answer);
        } catch (RuntimeException bug) {
            // Who answers has done its part, and is not to die of what becomes of it.
            LOG.error("domain {}: call {} failed at what it was answered", domid, answer.call(), bug);
            call.answer(Optional.of(Refusal.of(Errno.EAGAIN, "the node failed at the answer of one of its actors")
                    .with("domid", domid)
                    .with("effect", "unknown")));
        }
    }

    int size() {
        return underWay.size();
    }

    /** One call. */
    public final class Call {
        private final Consumer<Optional<Refusal>> answer;
        private final int serverId;
        private final long serverGeneration;
        private final long homeEpoch;
        private final boolean asksShards;
        private final AtomicBoolean answered = new AtomicBoolean();
        private final long number = lastNumber.incrementAndGet();
        private volatile boolean gatePassed;
        private volatile Consumer<CallAnswer> onAnswer = answer -> {};

        private Call(
                Consumer<Optional<Refusal>> answer,
                int serverId,
                long serverGeneration,
                long homeEpoch,
                boolean asksShards) {
            this.answer = answer;
            this.serverId = serverId;
            this.serverGeneration = serverGeneration;
            this.homeEpoch = homeEpoch;
            this.asksShards = asksShards;
        }

        /** Under which actors are asked for it. */
        public long number() {
            return number;
        }

        /** Says who takes what they answer, on their threads and without blocking; before they are asked. */
        public void onAnswer(Consumer<CallAnswer> taker) {
            onAnswer = taker;
        }

        /** Ends the call, unless it has ended. */
        public void answer(Optional<Refusal> refusal) {
            if (answered.compareAndSet(false, true)) {
                underWay.remove(number);
                try {
                    answer.accept(refusal);
                } catch (RuntimeException bug) {
                    // Whoever waits behind it is not to wait for ever, and who ends it is not to die of it.
                    LOG.error("domain {}: what call {} was made for cannot be answered", domid, number, bug);
                }
            }
        }

        /** What the server's actor says of its gate: a refusal ends the call, else the shards owe the answer. */
        public void gate(Optional<Refusal> refusal) {
            gatePassed = true;
            if (refusal.isPresent()) {
                answer(refusal);
            }
        }

        /** Whether it has ended; nothing needs to be begun for it then. */
        public boolean hasEnded() {
            return answered.get();
        }
    }
}

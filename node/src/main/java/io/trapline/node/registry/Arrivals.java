package io.trapline.node.registry;

import io.trapline.model.Refusal;
import io.trapline.node.protocol.AnswerRoute;
import io.trapline.node.protocol.CallAnswer;
import io.trapline.node.protocol.FromPeer;
import io.trapline.node.protocol.ServerMessage;
import io.trapline.node.protocol.ShardMessage;
import io.trapline.node.protocol.ShardRoute;
import io.trapline.node.protocol.TypesMessage;
import io.trapline.node.protocol.VcpusMessage;
import java.util.ArrayDeque;
import java.util.HashMap;
import java.util.Iterator;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * What peers tell this node's roles. A peer may know a domain or a server that this node has not heard of yet: what it tells then waits, and what it
 * tells that domain afterwards waits behind it, so that the order is kept. What is for something that is gone is lost; calls are refused. Any thread.
 *
 * <p>A call is relayed under a number of this node, so that it ends with the domain or the server here as this node's own do.
 */
public final class Arrivals {
    private final NodeDirectory directory;
    /** Guarded by this: by domain what waits for the registry. */
    private final Map<Integer, ArrayDeque<Early>> early = new HashMap<>();
    /** Guarded by this: the directory knows everything up to this revision. */
    private long revision;

    private record Early(long needs, Runnable step) {}

    /** @param directory where the roles are found */
    public Arrivals(NodeDirectory directory) {
        this.directory = directory;
    }

    /** The directory knows everything up to that revision. */
    synchronized void advance(long known) {
        revision = known;
        for (Iterator<ArrayDeque<Early>> domains = early.values().iterator(); domains.hasNext(); ) {
            ArrayDeque<Early> waiting = domains.next();
            while (!waiting.isEmpty() && waiting.element().needs() <= known) {
                waiting.remove().step().run();
            }
            if (waiting.isEmpty()) {
                domains.remove();
            }
        }
    }

    /** From a peer's guests, servers or shards to a shard. */
    public void toShard(int domid, long generation, int shard, ShardMessage message) {
        arrive(domid, generation, generation, domain -> {
            ShardRoute here = shard(domain, shard);
            if (here == null) {
                FromPeer.lost(message);
            } else {
                here.tell(message);
            }
        });
    }

    /** A call to a shard; answered by {@code back} under the number that it came with. */
    public void ask(int domid, long generation, int shard, ShardMessage.Call call, AnswerRoute back) {
        arrive(domid, generation, generation, domain -> {
            ShardRoute here = shard(domain, shard);
            DomainCalls.Call relay = domain == null
                    ? null
                    : relay(domain.calls().begin(refused(call.call(), shard, back)), call.call(), back);
            if (here == null || relay == null) {
                refused(call.call(), shard, back).accept(Optional.of(Refusal.noDomain(domid)));
            } else if (!relay.hasEnded()) {
                here.tell(call.under(relay.number()));
            }
        });
    }

    /** From a peer's shards to a server. */
    public void toServer(int domid, long generation, int id, long serverGeneration, ServerMessage message) {
        arrive(domid, generation, Math.max(generation, serverGeneration), domain -> {
            ServerHandle server = server(domain, id, serverGeneration);
            if (server == null) {
                FromPeer.lost(message);
            } else {
                server.here().tell(message);
            }
        });
    }

    /** A call that a server is to let pass; answered by {@code back} under the number that it came with, by the server and by each shard. */
    public void gate(int domid, long generation, ServerMessage.Gated call, AnswerRoute back) {
        int id = call.gate().serverId();
        long serverGeneration = call.gate().generation();
        arrive(domid, generation, Math.max(generation, serverGeneration), domain -> {
            ServerHandle server = server(domain, id, serverGeneration);
            Consumer<Optional<Refusal>> refused = why ->
                    why.ifPresent(refusal -> back.tell(new CallAnswer.GatePassed(call.call(), Optional.of(refusal))));
            if (domain == null || server == null) {
                refused.accept(Optional.of(Refusal.noServer(domid, id)));
                return;
            }
            DomainCalls.Call relay = domain.calls().begin(server, refused);
            AtomicInteger owed = new AtomicInteger(1 + call.tells().size());
            relay.onAnswer(answer -> {
                back.tell(answer.under(call.call()));
                boolean stopped = answer instanceof CallAnswer.GatePassed passed
                        && passed.refusal().isPresent();
                if (answer instanceof CallAnswer.GatePassed && !stopped) {
                    relay.gate(Optional.empty());
                }
                if (owed.decrementAndGet() == 0 || stopped) {
                    relay.answer(Optional.empty());
                }
            });
            if (!relay.hasEnded()) {
                server.here().tell(call.under(relay.number()));
            }
        });
    }

    /** From a peer's shards to guests here. */
    public void toVcpus(int domid, long generation, VcpusMessage message) {
        arrive(domid, generation, generation, domain -> {
            if (domain == null) {
                FromPeer.lost(message);
            } else {
                domain.vcpus().tell(message);
            }
        });
    }

    /** A call over several shards; answered by {@code back} under the number that it came with. */
    public void askTypes(int domid, long generation, TypesMessage.Call call, AnswerRoute back) {
        long server = call.gate().map(gate -> gate.generation()).orElse(0L);
        arrive(domid, generation, Math.max(generation, server), domain -> {
            Consumer<Optional<Refusal>> refused =
                    why -> why.ifPresent(refusal -> back.tell(new CallAnswer.Ended(call.call(), Optional.of(refusal))));
            if (domain == null) {
                refused.accept(Optional.of(Refusal.noDomain(domid)));
                return;
            }
            DomainCalls.Call relay = relay(domain.calls().begin(refused), call.call(), back);
            if (!relay.hasEnded()) {
                domain.here().types().tell(call.under(relay.number()));
            }
        });
    }

    /** What came of something that this node has asked of a peer. */
    public void answered(int domid, long generation, CallAnswer answer) {
        arrive(domid, generation, generation, domain -> {
            if (domain != null) {
                domain.calls().tell(answer);
            }
        });
    }

    private static Consumer<Optional<Refusal>> refused(long call, int shard, AnswerRoute back) {
        return why -> why.ifPresent(refusal -> back.tell(new CallAnswer.Done(call, shard, Optional.of(refusal))));
    }

    /** One whose single answer goes back under the other number. */
    private static DomainCalls.Call relay(DomainCalls.Call relay, long number, AnswerRoute back) {
        relay.onAnswer(answer -> {
            back.tell(answer.under(number));
            relay.answer(Optional.empty());
        });
        return relay;
    }

    private static @Nullable ShardRoute shard(@Nullable DomainHandle domain, int index) {
        return domain != null && index < domain.here().shards().size()
                ? domain.here().shards().get(index)
                : null;
    }

    private static @Nullable ServerHandle server(@Nullable DomainHandle domain, int id, long generation) {
        ServerHandle server = domain == null ? null : domain.servers().get(id);
        return server == null || server.generation() != generation ? null : server;
    }

    /** Runs the step with the domain, or with null where it is gone. */
    private void arrive(int domid, long generation, long needs, Consumer<@Nullable DomainHandle> step) {
        Runnable arrival = () -> step.accept(directory
                .domain(domid)
                .filter(handle -> handle.generation() == generation)
                .orElse(null));
        synchronized (this) {
            ArrayDeque<Early> waiting = early.get(domid);
            if (waiting != null || needs > revision) {
                early.computeIfAbsent(domid, id -> new ArrayDeque<>()).add(new Early(needs, arrival));
                return;
            }
        }
        arrival.run();
    }
}

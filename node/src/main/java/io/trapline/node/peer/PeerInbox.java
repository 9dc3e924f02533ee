package io.trapline.node.peer;

import io.trapline.internal.v1.Payload;
import io.trapline.node.protocol.AnswerRoute;
import io.trapline.node.protocol.CallAnswer;
import io.trapline.node.protocol.Life;
import io.trapline.node.protocol.ServerMessage;
import io.trapline.node.protocol.ShardMessage;
import io.trapline.node.protocol.TypesMessage;
import io.trapline.node.protocol.VcpusMessage;
import io.trapline.node.registry.Arrivals;
import java.util.function.BiFunction;

/** Makes sense of payloads, and has them told to this node's actors. What comes of a call goes back to the life that asked. */
final class PeerInbox implements IncomingLink.Decoder {
    private final Arrivals arrivals;
    private final BiFunction<Life, DomainName, AnswerRoute> back;

    /** A domain, by number and generation. */
    record DomainName(int domid, long generation) {}

    /**
     * An inbox.
     *
     * @param arrivals where it is told
     * @param back the way to a life that has asked something of a domain
     */
    PeerInbox(Arrivals arrivals, BiFunction<Life, DomainName, AnswerRoute> back) {
        this.arrivals = arrivals;
        this.back = back;
    }

    @Override
    public IncomingLink.Delivery decode(Life from, Payload payload, long madeNanos) {
        DomainName domain = new DomainName(payload.getDomid(), payload.getDomainGeneration());
        return switch (payload.getToCase()) {
            case SHARD -> toShard(from, domain, payload, madeNanos);
            case SERVER -> toServer(from, domain, payload, madeNanos);
            case VCPUS -> {
                VcpusMessage.ShardAnswers answers = Frames.vcpus(payload.getVcpus());
                yield taken -> arrivals.toVcpus(
                        domain.domid(), domain.generation(), new VcpusMessage.FromPeer(answers, taken));
            }
            case TYPES -> {
                TypesMessage.Call call = Frames.types(payload.getTypes());
                yield taken -> {
                    arrivals.askTypes(domain.domid(), domain.generation(), call, back.apply(from, domain));
                    taken.run();
                };
            }
            case RESULT -> {
                CallAnswer answer = Frames.answer(payload.getResult());
                yield taken -> {
                    arrivals.answered(domain.domid(), domain.generation(), answer);
                    taken.run();
                };
            }
            case TO_NOT_SET -> throw new MalformedFrameException("payload.to", "none", "nobody is told");
        };
    }

    private IncomingLink.Delivery toShard(Life from, DomainName domain, Payload payload, long madeNanos) {
        int shard = Frames.shard(payload.getShard().getShard());
        ShardMessage message = ShardFrames.decode(from, payload.getShard(), madeNanos);
        if (message instanceof ShardMessage.Call call) {
            return taken -> {
                arrivals.ask(domain.domid(), domain.generation(), shard, call, back.apply(from, domain));
                taken.run();
            };
        }
        return taken ->
                arrivals.toShard(domain.domid(), domain.generation(), shard, new ShardMessage.FromPeer(message, taken));
    }

    private IncomingLink.Delivery toServer(Life from, DomainName domain, Payload payload, long madeNanos) {
        int id = Frames.server(payload.getServer().getId());
        long generation = payload.getServer().getGeneration();
        ServerMessage message = Frames.server(from, payload.getServer(), madeNanos);
        if (message instanceof ServerMessage.Gated gated) {
            return taken -> {
                arrivals.gate(domain.domid(), domain.generation(), gated, back.apply(from, domain));
                taken.run();
            };
        }
        return taken -> arrivals.toServer(
                domain.domid(), domain.generation(), id, generation, new ServerMessage.FromPeer(message, taken));
    }
}

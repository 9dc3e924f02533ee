package io.trapline.node.ioreq;

import io.trapline.model.Errno;
import io.trapline.model.Refusal;
import io.trapline.node.protocol.ServerView;
import io.trapline.node.protocol.ShardMessage;
import io.trapline.node.protocol.ShardRoute;
import io.trapline.node.rows.IoreqRows;
import io.trapline.node.rows.KeyRows;
import io.trapline.node.rows.OutcomeRows;
import io.trapline.node.rows.SettledRows;
import io.trapline.rpc.Statuses;
import io.trapline.v1.AnswersRejected;
import io.trapline.v1.AttachResponse;
import io.trapline.v1.AttachedSession;
import io.trapline.v1.Bufioreq;
import java.util.List;
import java.util.OptionalLong;
import java.util.function.LongConsumer;
import org.jspecify.annotations.Nullable;

/** Carries out what a server's rules want: tells shards, writes to the emulator's stream. Belongs to the server's actor. */
final class ServerOutbox implements IoreqEffects {
    private final int domid;
    private final long domainGeneration;
    private final int id;
    private final List<ShardRoute> shards;
    private final LongConsumer drained;
    private @Nullable ServerView view;
    private @Nullable EmulatorOutlet offered;
    private @Nullable EmulatorOutlet bound;
    private long boundEpoch;

    ServerOutbox(int domid, long domainGeneration, int id, List<ShardRoute> shards, LongConsumer drained) {
        this.domid = domid;
        this.domainGeneration = domainGeneration;
        this.id = id;
        this.shards = shards;
        this.drained = drained;
    }

    void view(ServerView aView) {
        view = aView;
    }

    /** The stream that is to be bound next. */
    void offer(EmulatorOutlet outlet) {
        offered = outlet;
    }

    /** The stream of that session is gone. */
    void lost(long sessionEpoch) {
        if (boundEpoch == sessionEpoch) {
            bound = null;
        }
    }

    /** The session of the bound stream; empty where there is none. */
    OptionalLong boundEpoch() {
        return bound == null ? OptionalLong.empty() : OptionalLong.of(boundEpoch);
    }

    /** Ends the bound stream, if there is one. */
    void end(Refusal why) {
        EmulatorOutlet outlet = bound;
        bound = null;
        if (outlet != null) {
            outlet.end(why.with("domid", domid).with("id", id));
        }
    }

    @Override
    public void completed(int shard, OutcomeRows rows) {
        shards.get(shard).tell(new ShardMessage.Completed(id, homeEpoch(), rows));
    }

    @Override
    public void decideAgain(int shard, KeyRows rows) {
        shards.get(shard).tell(new ShardMessage.DecideAgain(id, homeEpoch(), rows));
    }

    @Override
    public void postedQueued(int shard, KeyRows rows) {
        shards.get(shard).tell(new ShardMessage.PostedQueued(id, homeEpoch(), rows));
    }

    @Override
    public void postedDone(int shard, KeyRows rows) {
        shards.get(shard).tell(new ShardMessage.PostedDone(id, homeEpoch(), rows));
    }

    @Override
    public void recalled(int shard, long recall) {
        shards.get(shard).tell(new ShardMessage.Recalled(id, recall));
    }

    @Override
    public boolean attached(long sessionEpoch) {
        end(Refusal.of(Errno.ESTALE, "a newer session is active"));
        bound = offered;
        boundEpoch = sessionEpoch;
        ServerView now = view;
        boolean buffers = now != null && now.buffers();
        return send(AttachResponse.newBuilder()
                .setAttached(AttachedSession.newBuilder()
                        .setSessionEpoch(sessionEpoch)
                        .setTimeoutMs(now == null ? 0 : now.timeoutMillis())
                        .setBufioreq(buffers ? Bufioreq.BUFIOREQ_ATOMIC : Bufioreq.BUFIOREQ_OFF)
                        .setDomainGeneration(domainGeneration))
                .build());
    }

    @Override
    public boolean ioreqs(long decidedRevision, int shard, long shardEpoch, IoreqRows rows, SettledRows settled) {
        return send(AttachResponse.newBuilder()
                .setIoreqs(IoreqColumns.ioreqs(decidedRevision, shard, shardEpoch, rows, settled))
                .build());
    }

    @Override
    public boolean settled(SettledRows marks) {
        return send(AttachResponse.newBuilder()
                .setSettled(IoreqColumns.settled(marks))
                .build());
    }

    @Override
    public void fenced(long sessionEpoch, Refusal why) {
        end(why);
    }

    @Override
    public void drained(long revision) {
        drained.accept(revision);
    }

    /** What an emulator is told of a message of which nothing was believed. */
    static AttachResponse rejected(long batchId, Refusal why) {
        return AttachResponse.newBuilder()
                .setRejected(AnswersRejected.newBuilder().setBatchId(batchId).setStatus(Statuses.toProto(why)))
                .build();
    }

    /** A call that the gate here has let pass. */
    ShardMessage.LetPass letPass(ShardMessage.Call call) {
        return new ShardMessage.LetPass(id, homeEpoch(), call);
    }

    /** Nothing is said of a row before the first view. */
    private long homeEpoch() {
        ServerView now = view;
        return now == null ? 0 : now.homeEpoch();
    }

    private boolean send(AttachResponse response) {
        EmulatorOutlet outlet = bound;
        return outlet != null && outlet.send(response);
    }
}

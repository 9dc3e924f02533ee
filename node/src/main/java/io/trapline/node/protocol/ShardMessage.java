package io.trapline.node.protocol;

import io.trapline.model.Refusal;
import io.trapline.model.TypeRun;
import io.trapline.node.p2m.DecisionTable;
import io.trapline.node.rows.AccessRows;
import io.trapline.node.rows.KeyRows;
import io.trapline.node.rows.OutcomeRows;
import io.trapline.node.rows.Segments;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** What the actor of one P2M shard is told. What has a call's number is answered with a {@link CallAnswer}. */
public sealed interface ShardMessage {
    /**
     * The actor's own affair with its peers: a buffer that one shard's access names lies in another.
     */
    non-sealed interface BetweenShards extends ShardMessage {}

    /** What is asked under a call's number, and answered under it with a {@link CallAnswer}: once. */
    sealed interface Call extends ShardMessage {
        /** The asker's number. */
        long call();

        /** Under which request id a client has asked for it, where this is what decides about that or looks for its answer. */
        default Optional<RequestName> request() {
            return Optional.empty();
        }

        /** The same under another's number. */
        Call under(long number);
    }

    /**
     * Accesses, the rows of one vCPU in ascending order; rows known already join or are answered from memory (A4).
     *
     * @param from where their guests are, who are answered there
     */
    record Accesses(Life from, AccessRows rows) implements ShardMessage {}

    /**
     * The registry has moved on. Applied in ascending order of revision.
     *
     * @param place where the shard is
     * @param table what decides from now on
     * @param opened vCPUs whose older epochs are fenced
     * @param servers every server of the domain that may be forwarded to or still has rows, by id
     * @param applied to be run once nothing is decided by the older state any more (rule 0); may be run on any thread
     */
    record Apply(
            ShardPlace place,
            DecisionTable table,
            List<VcpuOpening> opened,
            Map<Integer, ServerRoute> servers,
            Runnable applied)
            implements ShardMessage {}

    /**
     * A step that the shard's primary has done: its backup does it too (D-23).
     *
     * @param base the epoch at which the backup's copy began
     * @param number which step since then, 1 and up
     * @param more whether more of the same step follows
     * @param clockNanos the primary's clock when it did it
     * @param refusedMemory which of its requests for memory the primary was refused, 0 and up, ascending
     */
    record Change(long base, long number, boolean more, long clockNanos, int[] refusedMemory, ShardStep step)
            implements ShardMessage {}

    /** The backup whose copy began at that epoch has done every step up to {@code through}. */
    record ChangeAck(long base, long through) implements ShardMessage {}

    /** One of the others, from a peer. */
    record FromPeer(ShardMessage message, Runnable taken) implements ShardMessage, io.trapline.node.protocol.FromPeer {}

    /**
     * A server's answers, or its timeouts (F4).
     *
     * @param homeEpoch the revision at which the server came to where it says so, here and below: what it said of a row at another home than the one where
     *     the row was passed or asked about last is passed over (D-22)
     */
    record Completed(int serverId, long homeEpoch, OutcomeRows rows) implements ShardMessage {}

    /** Rows that the server gives back: they were not carried out, or whatever comes of them is refused (F5). */
    record DecideAgain(int serverId, long homeEpoch, KeyRows rows) implements ShardMessage {}

    /** Posted rows that wait at the server now: they have taken effect (F3). */
    record PostedQueued(int serverId, long homeEpoch, KeyRows rows) implements ShardMessage {}

    /** Posted rows that the emulator has carried out, or that timed out. */
    record PostedDone(int serverId, long homeEpoch, KeyRows rows) implements ShardMessage {}

    /** What a {@link ServerMessage.Recall} asked back has been sent back, if it was not delivered. */
    record Recalled(int serverId, long recall) implements ShardMessage {}

    /**
     * Of this node only: a drain of the server began with that revision, which was applied before (V-10).
     *
     * @param returned run once the server has nothing that was decided before and would not go there any more; may be run on any thread
     */
    record AwaitReturned(int serverId, long revision, Runnable returned) implements ShardMessage {}

    /** Of this node only: {@code sent} is run once everything has left that the shard was told, or has applied, before. Any thread. */
    record AwaitSent(Runnable sent) implements ShardMessage {}

    /**
     * What a server's gate has let pass, at that home: refused with ESTALE once the server has another, since its ioreqs are that one's then (F2, D-22).
     */
    record LetPass(int serverId, long homeEpoch, Call inner) implements Call {
        @Override
        public long call() {
            return inner.call();
        }

        @Override
        public Optional<RequestName> request() {
            return inner.request();
        }

        @Override
        public LetPass under(long number) {
            return new LetPass(serverId, homeEpoch, inner.under(number));
        }
    }

    /** Would these runs be allowed here, one after the other (T4, T5)? Runs lie wholly in the shard. */
    record CheckTypes(long call, List<TypeRun> runs) implements Call {
        @Override
        public CheckTypes under(long number) {
            return new CheckTypes(number, runs);
        }
    }

    /**
     * Carries the runs out. They were checked, and no other type change has come between (the domain's type calls come one at a time), unless a server's former
     * home was late to let it pass: then it is refused, if it is not allowed any more. Answered when rule 0 holds for the change.
     */
    record CommitTypes(long call, List<TypeRun> runs) implements Call {
        @Override
        public CommitTypes under(long number) {
            return new CommitTypes(number, runs);
        }
    }

    /** Turns the shard's pages of {@code ioreq_server[x]} into RAM_RW (C5). Answered when rule 0 holds for it. */
    record ResetType(long call, int x) implements Call {
        @Override
        public ResetType under(long number) {
            return new ResetType(number, x);
        }
    }

    /** The types of a run of frames that lies wholly in the shard, at most {@code maxRuns} runs. */
    record ListTypes(long call, long firstGfn, long count, int maxRuns) implements Call {
        @Override
        public ListTypes under(long number) {
            return new ListTypes(number, firstGfn, count, maxRuns);
        }
    }

    /** Do all these pieces lie in pages with memory (F2)? Takes the memory that writing them needs, so that no write of them can fail. */
    record CheckSegments(long call, Segments segments) implements Call {
        @Override
        public CheckSegments under(long number) {
            return new CheckSegments(number, segments);
        }
    }

    /**
     * Reads pieces from the pages themselves, or refuses and reads none (F2).
     *
     * @param gpa where each starts, in bytes
     * @param sizeBytes how long each is, 1 and up
     */
    record ReadSegments(long call, long[] gpa, int[] sizeBytes) implements Call {
        @Override
        public ReadSegments under(long number) {
            return new ReadSegments(number, gpa, sizeBytes);
        }
    }

    /** Puts the pieces into the pages themselves, or refuses and puts none (F2). */
    record WriteSegments(long call, Segments segments) implements Call {
        @Override
        public WriteSegments under(long number) {
            return new WriteSegments(number, segments);
        }
    }

    /**
     * The same, asked for under a request id: at the lowest shard of the whole call, which keeps its first answer. Where that is known it is given with
     * {@link CallAnswer.Settled}, and nothing else is done.
     *
     * @param inner a {@link WriteSegments} or {@link CommitTypes}, whose success, and the former's refusal, is the first answer; or a {@link CheckTypes} or {@link
     *     CheckSegments}, which only looks for one
     */
    record Once(RequestName name, Call inner) implements Call {
        @Override
        public long call() {
            return inner.call();
        }

        @Override
        public Optional<RequestName> request() {
            return Optional.of(name);
        }

        @Override
        public Once under(long number) {
            return new Once(name, inner.under(number));
        }
    }

    /** What is asked for under that request id is refused, if it has no first answer yet: that is it then, and what comes of the call later is not carried out. */
    record Refused(long call, RequestName name, Refusal refusal) implements Call {
        @Override
        public Optional<RequestName> request() {
            return Optional.of(name);
        }

        @Override
        public Refused under(long number) {
            return new Refused(number, name, refusal);
        }
    }

    /** Keeps a call over several shards, of which this one is the lowest, until {@link DropMark} (T6). */
    record KeepMark(long call, Mark mark) implements Call {
        @Override
        public Optional<RequestName> request() {
            return mark.change().request();
        }

        @Override
        public KeepMark under(long number) {
            return new KeepMark(number, mark);
        }
    }

    /**
     * The call is over everywhere, or nowhere begun.
     *
     * @param answer its first answer, which is kept where a client has asked for it under a request id; empty = it has none, and may be asked for again
     */
    record DropMark(long call, TypesTxn id, Optional<FirstAnswer> answer) implements Call {
        @Override
        public DropMark under(long number) {
            return new DropMark(number, id, answer);
        }
    }

    /**
     * What is kept of such calls, and which of them was done here last? Answered with {@link CallAnswer.Marked} when rule 0 holds for that one, and true from when it is
     * asked: what is told under an earlier name and is still on its way, from an entry that is dead or knows no better, is refused.
     *
     * @param by under which name it is asked
     */
    record GetMark(long call, TypesTxn by) implements Call {
        @Override
        public GetMark under(long number) {
            return new GetMark(number, by);
        }
    }

    /**
     * What a call that is decided for the whole domain is in this shard, which remembers that it has done it.
     *
     * @param id the call
     * @param by under which name it is told: the same, or that of who finishes it
     * @param inner a {@link CommitTypes}, {@link WriteSegments} or {@link ResetType}, or {@link Once} one of the first two
     */
    record Part(TypesTxn id, TypesTxn by, Call inner) implements Call {
        @Override
        public long call() {
            return inner.call();
        }

        @Override
        public Optional<RequestName> request() {
            return inner.request();
        }

        @Override
        public Part under(long number) {
            return new Part(id, by, inner.under(number));
        }
    }

    /** A client session has ended: what was answered under its request ids is forgotten (section E). From the shard's copy itself. */
    record SessionEnded(long session) implements ShardMessage {}

    /** A client session has all answers up to that number: they are forgotten, and that they were is not (section E). From the shard's copy itself. */
    record SessionAcknowledged(long session, long through) implements ShardMessage {}

    /** The node serves again, or a client session has ended or acknowledged more. */
    record Resume() implements ShardMessage {}

    /** Deadlines may have passed. */
    record Tick() implements ShardMessage {}

    /** The domain is gone: the memory is given back and the actor stops. */
    record Stop() implements ShardMessage {}
}

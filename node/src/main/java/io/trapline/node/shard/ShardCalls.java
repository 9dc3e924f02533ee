package io.trapline.node.shard;

import io.trapline.model.Errno;
import io.trapline.model.Refusal;
import io.trapline.node.protocol.AnswerRoute;
import io.trapline.node.protocol.CallAnswer;
import io.trapline.node.protocol.FirstAnswer;
import io.trapline.node.protocol.RequestName;
import io.trapline.node.protocol.ShardMessage;
import io.trapline.node.protocol.ShardMessage.CheckSegments;
import io.trapline.node.protocol.ShardMessage.CheckTypes;
import io.trapline.node.protocol.ShardMessage.CommitTypes;
import io.trapline.node.protocol.ShardMessage.ListTypes;
import io.trapline.node.protocol.ShardMessage.ReadSegments;
import io.trapline.node.protocol.ShardMessage.ResetType;
import io.trapline.node.protocol.ShardMessage.WriteSegments;
import io.trapline.node.replica.StateImage;
import io.trapline.node.rows.Segments;
import java.util.Arrays;
import java.util.Optional;
import java.util.function.LongConsumer;

/**
 * What one copy of a shard does of calls: what is asked under a number, and answered under it once its backup has done it too. Of calls under request ids of which it is
 * the lowest shard it keeps the first answer, in the same step.
 */
final class ShardCalls {
    private final int index;
    private final ShardRules rules;
    private final ShardOutbox outbox;
    private final AnswerRoute answers;
    private final Marks marks = new Marks();
    private final Answers first;
    private long lastToken;

    /** What a change has come to, and the token of the type change that it made. */
    private record Changed(Optional<Refusal> refusal, long token) {}

    ShardCalls(int index, ShardRules rules, ShardOutbox outbox, AnswerRoute answers) {
        this.index = index;
        this.rules = rules;
        this.outbox = outbox;
        this.answers = answers;
        first = new Answers(rules::isChanging);
    }

    /** What was answered under request ids. */
    Answers first() {
        return first;
    }

    /** Whether the backup needs to do it too: what only looks at the pages changes nothing. */
    static boolean changes(ShardMessage message) {
        return switch (message) {
            case ShardMessage.LetPass passed -> changes(passed.inner());
            case ShardMessage.Once once -> changes(once.inner());
            case CheckTypes check -> false;
            case ListTypes list -> false;
            case ReadSegments read -> false;
            default -> true;
        };
    }

    /** Does it, and answers. */
    void called(ShardMessage.Call call) {
        switch (call) {
            case ShardMessage.LetPass passed -> letPass(passed);
            case CheckTypes check -> done(check.call(), rules.p2m().checkTypes(check.runs()));
            case CommitTypes commit -> change(commit);
            case ResetType reset -> change(reset);
            case WriteSegments write -> change(write);
            case ListTypes list -> {
                var runs = rules.p2m().listTypes(list.firstGfn(), list.count(), list.maxRuns());
                answer(new CallAnswer.Listed(list.call(), index, runs));
            }
            case CheckSegments check -> {
                Segments segments = check.segments();
                done(check.call(), rules.p2m().reserveSegments(segments.gpa(), segments.sizeBytes()));
            }
            case ReadSegments read -> {
                Optional<Refusal> refusal = rules.p2m().checkSegments(read.gpa(), read.sizeBytes());
                answer(
                        refusal.isPresent()
                                ? new CallAnswer.Done(read.call(), index, refusal)
                                : new CallAnswer.Read(read.call(), index, readAll(read)));
            }
            case ShardMessage.KeepMark keep -> keepMark(keep);
            case ShardMessage.DropMark drop -> dropMark(drop);
            case ShardMessage.GetMark get -> getMark(get);
            case ShardMessage.Part part -> part(part);
            case ShardMessage.Once once -> once(once);
            case ShardMessage.Refused refused -> {
                if (isFirst(refused.call(), refused.name())) {
                    first.end(refused.name(), FirstAnswer.refused(refused.refusal()), Answers.NO_CHANGE);
                    done(refused.call(), Optional.empty());
                }
            }
        }
    }

    /** What a home let pass before the server had another comes too late: what it serves has been asked about since (F2, V-9). */
    private void letPass(ShardMessage.LetPass passed) {
        if (passed.homeEpoch() < rules.homeEpoch(passed.serverId())) {
            done(passed.call(), Optional.of(Refusal.of(Errno.ESTALE, "the server has another home since")));
        } else {
            called(passed.inner());
        }
    }

    private void done(long call, Optional<Refusal> refusal) {
        answer(new CallAnswer.Done(call, index, refusal));
    }

    private void answer(CallAnswer answer) {
        outbox.last(() -> answers.tell(answer));
    }

    private Changed change(ShardMessage.Call call) {
        return switch (call) {
            case CommitTypes commit -> {
                // Checked once more: a server's former home may have let it pass late, when its caller had been refused
                // and another has come between.
                Optional<Refusal> refusal = rules.p2m().checkTypes(commit.runs());
                if (refusal.isPresent()) {
                    done(commit.call(), refusal);
                    yield new Changed(refusal, Answers.NO_CHANGE);
                }
                yield changeTypes(commit.call(), token -> rules.commitTypes(commit.runs(), token));
            }
            case ResetType reset -> changeTypes(reset.call(), token -> rules.resetType(reset.x(), token));
            case WriteSegments write -> {
                Optional<Refusal> refusal = writeAll(write.segments());
                done(write.call(), refusal);
                yield new Changed(refusal, Answers.NO_CHANGE);
            }
            default -> throw new IllegalArgumentException("no part of a call: " + call);
        };
    }

    private Changed changeTypes(long call, LongConsumer change) {
        long token = ++lastToken;
        outbox.whenDone(token, () -> answers.tell(new CallAnswer.Done(call, index, Optional.empty())));
        change.accept(token);
        return new Changed(Optional.empty(), token);
    }

    /** Looks for a first answer, or does what has none. */
    private void once(ShardMessage.Once once) {
        if (once.inner() instanceof CheckTypes || once.inner() instanceof CheckSegments) {
            first.find(once.name()).ifPresentOrElse(known -> settled(once.call(), known), () -> called(once.inner()));
        } else {
            changeOnce(once);
        }
    }

    /** Whether a call has no first answer, so that it is to be given one, or {@link Answers#drop dropped}. */
    private boolean isFirst(long call, RequestName name) {
        Optional<FirstAnswer> known = first.begin(name);
        known.ifPresent(answer -> settled(call, answer));
        return known.isEmpty();
    }

    private void settled(long call, FirstAnswer answer) {
        answer(new CallAnswer.Settled(call, index, answer));
    }

    /** Empty = it has been done, or refused, before. */
    private Optional<Changed> changeOnce(ShardMessage.Once once) {
        RequestName name = once.name();
        if (!isFirst(once.call(), name)) {
            return Optional.empty();
        }
        Changed changed = change(once.inner());
        if (changed.refusal().isEmpty()) {
            first.end(name, FirstAnswer.DONE, changed.token());
        } else if (once.inner() instanceof WriteSegments) {
            first.end(name, new FirstAnswer(changed.refusal()), Answers.NO_CHANGE);
        } else {
            // In words of the whole call, which its entry has.
            first.drop(name);
        }
        return Optional.of(changed);
    }

    private void keepMark(ShardMessage.KeepMark keep) {
        Optional<Refusal> late = marks.check(keep.mark().id());
        if (late.isPresent()) {
            done(keep.call(), late);
            return;
        }
        RequestName name = keep.request().orElse(null);
        if (name == null || isFirst(keep.call(), name)) {
            marks.keep(keep.mark());
            done(keep.call(), Optional.empty());
        }
    }

    private void dropMark(ShardMessage.DropMark drop) {
        // Who refuses a call is the entry that has begun it: once another has asked, that one decides what becomes of
        // it.
        Optional<Refusal> late = drop.answer().flatMap(FirstAnswer::refusal).flatMap(why -> marks.check(drop.id()));
        if (late.isPresent()) {
            done(drop.call(), late);
            return;
        }
        RequestName name =
                marks.drop(drop.id()).flatMap(mark -> mark.change().request()).orElse(null);
        if (name != null) {
            drop.answer().ifPresentOrElse(answer -> first.end(name, answer, Answers.NO_CHANGE), () -> first.drop(name));
        }
        done(drop.call(), Optional.empty());
    }

    /** What was done last is over when rule 0 holds for it: whoever asks takes it for that, and so does the call's first answer. */
    private void getMark(ShardMessage.GetMark get) {
        marks.fence(get.by());
        CallAnswer.Marked marked = new CallAnswer.Marked(get.call(), index, marks.done(), marks.kept());
        if (rules.isChanging(marks.doneChange())) {
            outbox.whenDone(marks.doneChange(), () -> answers.tell(marked));
        } else {
            answer(marked);
        }
    }

    private void part(ShardMessage.Part part) {
        Optional<Refusal> late = marks.check(part.by());
        if (late.isPresent()) {
            done(part.call(), late);
            return;
        }
        Optional<Changed> changed =
                part.inner() instanceof ShardMessage.Once once ? changeOnce(once) : Optional.of(change(part.inner()));
        changed.filter(each -> each.refusal().isEmpty()).ifPresent(each -> marks.did(part.id(), each.token()));
    }

    private byte[] readAll(ReadSegments read) {
        byte[] data = new byte[Arrays.stream(read.sizeBytes()).sum()];
        int offset = 0;
        for (int i = 0; i < read.gpa().length; i++) {
            rules.p2m().readBytes(read.gpa()[i], data, offset, read.sizeBytes()[i]);
            offset += read.sizeBytes()[i];
        }
        return data;
    }

    private Optional<Refusal> writeAll(Segments segments) {
        Optional<Refusal> refusal = rules.p2m().checkSegments(segments.gpa(), segments.sizeBytes());
        if (refusal.isEmpty()) {
            refusal = rules.p2m().reserveSegments(segments.gpa(), segments.sizeBytes());
        }
        for (int i = 0; i < segments.size() && refusal.isEmpty(); i++) {
            rules.p2m().writeBytes(segments.gpa()[i], segments.data(), segments.offset()[i], segments.sizeBytes()[i]);
        }
        return refusal;
    }

    /** For a fresh copy, both ways (D-24). */
    void image(StateImage image) {
        marks.image(image);
        first.image(image);
        lastToken = image.of(lastToken);
    }
}

package io.trapline.sim.world.copies;

import io.trapline.node.protocol.FirstAnswer;
import io.trapline.node.protocol.RequestName;
import io.trapline.node.protocol.ShardMessage;
import io.trapline.node.rows.Segments;
import io.trapline.node.shard.WitnessCopy;
import io.trapline.sim.check.RequestChecks;
import io.trapline.sim.check.ShardModel;
import io.trapline.sim.check.TypeTxnChecks;
import io.trapline.sim.world.part.Layout;
import java.util.Arrays;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Says what a call that a shard is told is to change there, the naive way, and compares what it has changed (F2, T6, V-14). */
final class WitnessedCalls {
    /** What changes pages, if it is not too late, and under which request id it was asked for. */
    private record Change(ShardMessage.Call inner, Optional<RequestName> name) {}

    private static final byte[] NOTHING = {};

    private final TypeTxnChecks types;
    private final RequestChecks requests;
    private final int index;
    private final WitnessCopy copy;
    private final ShardModel model;

    WitnessedCalls(TypeTxnChecks types, RequestChecks requests, int index, WitnessCopy copy, ShardModel model) {
        this.types = types;
        this.requests = requests;
        this.index = index;
        this.copy = copy;
        this.model = model;
    }

    /** @param step the shard does it */
    void told(ShardMessage.Call call, Runnable step) {
        types.told(index, call, copy.p2m());
        Change change = change(call, Optional.empty());
        if (change != null
                && change.name().map(name -> requests.isNew(index, name)).orElse(true)) {
            writes(change.inner());
        }
        byte[] before = change == null ? NOTHING : there(change.inner());
        step.run();
        if (change != null) {
            change.name().ifPresent(name -> changed(change.inner(), name, before));
        }
        keeps(call);
    }

    private void changed(ShardMessage.Call call, RequestName name, byte[] before) {
        byte[] now = there(call);
        if (!Arrays.equals(before, now)) {
            requests.changes(index, name);
        }
        if (requests.isNew(index, name) && Arrays.equals(now, wanted(call))) {
            requests.does(index, name);
        }
    }

    private void keeps(ShardMessage.Call call) {
        switch (call) {
            case ShardMessage.KeepMark keep
            when !types.isLate(index, keep.mark().id()) ->
                keep.request()
                        .ifPresent(name -> requests.keeps(index, keep.mark().id(), name));
            case ShardMessage.DropMark drop -> {
                boolean isRefused = drop.answer().flatMap(FirstAnswer::refusal).isPresent();
                if (!isRefused || !types.isLate(index, drop.id())) {
                    requests.drops(drop.id(), isRefused);
                }
            }
            case ShardMessage.Refused refused -> requests.refuses(index, refused.name());
            default -> {}
        }
    }

    /** Null: nothing is to change. */
    private @Nullable Change change(ShardMessage.Call call, Optional<RequestName> name) {
        return switch (call) {
            // F2: what an emulator writes, unless its server has another home since.
            case ShardMessage.LetPass(int server, long home, ShardMessage.Call inner) ->
                home < copy.rules().homeEpoch(server) ? null : change(inner, name);
            case ShardMessage.Part part ->
                types.isLate(index, part.by()) ? null : change(part.inner(), requests.of(part.id()));
            case ShardMessage.Once once -> change(once.inner(), Optional.of(once.name()));
            case ShardMessage.CommitTypes commit -> new Change(commit, name);
            case ShardMessage.WriteSegments write -> new Change(write, name);
            default -> null;
        };
    }

    private void writes(ShardMessage.Call call) {
        if (!(call instanceof ShardMessage.WriteSegments write)) {
            return;
        }
        Segments segments = write.segments();
        for (int i = 0; i < segments.size(); i++) {
            if (Layout.isPage(segments.gpa()[i])) {
                model.emulatorWrites(segments.gpa()[i], segments.sizeBytes()[i], value(segments, i));
            }
        }
    }

    private static long value(Segments segments, int i) {
        long value = 0;
        for (int at = segments.sizeBytes()[i] - 1; at >= 0; at--) {
            value = value << 8 | (segments.data()[segments.offset()[i] + at] & 0xFF);
        }
        return value;
    }

    /** What the pages hold of what a call changes. */
    private byte[] there(ShardMessage.Call call) {
        return switch (call) {
            case ShardMessage.CommitTypes commit -> {
                byte[] codes = new byte[commit.runs().size()];
                for (int i = 0; i < codes.length; i++) {
                    codes[i] = copy.p2m().typeOf(commit.runs().get(i).firstGfn());
                }
                yield codes;
            }
            case ShardMessage.WriteSegments(long number, Segments segments) -> {
                byte[] bytes = new byte[Arrays.stream(segments.sizeBytes()).sum()];
                int at = 0;
                for (int i = 0; i < segments.size(); i++) {
                    copy.p2m().readBytes(segments.gpa()[i], bytes, at, segments.sizeBytes()[i]);
                    at += segments.sizeBytes()[i];
                }
                yield bytes;
            }
            default -> NOTHING;
        };
    }

    /** The same when it has: its runs have one frame each. */
    private static byte[] wanted(ShardMessage.Call call) {
        return switch (call) {
            case ShardMessage.CommitTypes commit -> {
                byte[] codes = new byte[commit.runs().size()];
                for (int i = 0; i < codes.length; i++) {
                    codes[i] = commit.runs().get(i).type().code();
                }
                yield codes;
            }
            case ShardMessage.WriteSegments(long number, Segments segments) -> {
                byte[] bytes = new byte[Arrays.stream(segments.sizeBytes()).sum()];
                int at = 0;
                for (int i = 0; i < segments.size(); i++) {
                    System.arraycopy(segments.data(), segments.offset()[i], bytes, at, segments.sizeBytes()[i]);
                    at += segments.sizeBytes()[i];
                }
                yield bytes;
            }
            default -> NOTHING;
        };
    }
}

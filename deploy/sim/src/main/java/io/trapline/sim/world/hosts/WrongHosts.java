package io.trapline.sim.world.hosts;

import io.trapline.node.protocol.CallAnswer;
import io.trapline.node.protocol.Gate;
import io.trapline.node.protocol.ShardMessage;
import io.trapline.node.protocol.ShardStep;
import io.trapline.node.rows.AccessRows;
import io.trapline.node.rows.KeyRows;
import io.trapline.sim.world.part.Seams;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;

/** Seams of nodes on several hosts that are wrong. */
final class WrongHosts {
    private WrongHosts() {}

    static final class NoEpochCheck extends Seams {
        @Override
        public long decidedRevision(long decided, long applied) {
            return Math.max(decided, applied);
        }
    }

    static final class LateWriteAccepted extends Seams {
        @Override
        public Gate gate(Gate gate, long boundEpoch) {
            return new Gate(gate.principal(), gate.serverId(), gate.generation(), boundEpoch, new KeyRows(0));
        }
    }

    /** What comes from another gateway has other numbers to the shard, at the same places in the vCPU's window. */
    static final class AccessExecutedTwice extends Seams {
        private static final long ANEW = 1L << 40;

        @Override
        public AccessRows accepted(AccessRows rows) {
            AccessRows anew = new AccessRows(rows.size());
            for (int i = 0; i < rows.size(); i++) {
                boolean moved = rows.gatewayRevision(i) > rows.vcpuEpoch(i);
                anew.add(
                        rows.vcpu(i),
                        rows.vcpuEpoch(i),
                        moved ? rows.sequence(i) | ANEW : rows.sequence(i),
                        rows.attributes(i),
                        rows.address(i),
                        rows.data(i),
                        rows.count(i),
                        rows.window(i),
                        rows.deadlineNanos(i),
                        rows.gatewayRevision(i));
            }
            return anew;
        }

        @Override
        public long original(long sequence) {
            return sequence & (ANEW - 1);
        }
    }

    static final class EarlierGatewayHeard extends Seams {
        @Override
        public AccessRows fromGateway(AccessRows rows) {
            AccessRows asAtFirst = new AccessRows(rows.size());
            for (int i = 0; i < rows.size(); i++) {
                asAtFirst.add(
                        rows.vcpu(i),
                        rows.vcpuEpoch(i),
                        rows.sequence(i),
                        rows.attributes(i),
                        rows.address(i),
                        rows.data(i),
                        rows.count(i),
                        rows.window(i),
                        rows.deadlineNanos(i));
            }
            return asAtFirst;
        }
    }

    static final class ResentUnmarked extends Seams {
        @Override
        public boolean resent(boolean resent) {
            return false;
        }
    }

    static final class LinkDeliversTwice extends Seams {
        @Override
        public boolean takesFramesAgain() {
            return true;
        }
    }

    static final class AcknowledgesForBackups extends Seams {
        @Override
        public boolean acknowledgesForBackups() {
            return true;
        }
    }

    /** A copy is given a chunk as it was when it was given first, whatever has changed it since. */
    static final class StaleChunks extends Seams {
        private record Given(int shard, long base, int chunk) {}

        private final Map<Given, byte[]> first = new HashMap<>();

        @Override
        public ShardMessage toCopy(int shard, ShardMessage message) {
            if (message instanceof ShardMessage.Change change
                    && change.step() instanceof ShardStep.Chunk(int chunk, int offset, byte[] bytes)) {
                byte[] stale = first.computeIfAbsent(new Given(shard, change.base(), chunk), given -> bytes);
                return new ShardMessage.Change(
                        change.base(),
                        change.number(),
                        change.more(),
                        change.clockNanos(),
                        change.refusedMemory(),
                        new ShardStep.Chunk(chunk, offset, stale));
            }
            return message;
        }
    }

    static final class KnownByItsRun extends Seams {
        @Override
        public long shardEpoch(long began, long ofRun) {
            return ofRun;
        }
    }

    static final class ForgetsAnswers extends Seams {
        @Override
        public boolean forgetsAnswers() {
            return true;
        }
    }

    static final class PromotedWithoutAnswers extends Seams {
        @Override
        public boolean isPromotedWithoutAnswers() {
            return true;
        }
    }

    static final class AcknowledgesTooMuch extends Seams {
        @Override
        public long acknowledged(long through) {
            return through + 1;
        }
    }

    static final class EarlierHomeBelieved extends Seams {
        @Override
        public long home(long told, long last) {
            return last;
        }
    }

    static final class HomeBeginsEarly extends Seams {
        @Override
        public long asked(long shardEpoch) {
            return Long.MAX_VALUE;
        }
    }

    static final class MarksUnheard extends Seams {
        @Override
        public CallAnswer answer(CallAnswer answer) {
            return answer instanceof CallAnswer.Marked marked
                    ? new CallAnswer.Marked(marked.call(), marked.shard(), marked.done(), Optional.empty())
                    : answer;
        }
    }
}

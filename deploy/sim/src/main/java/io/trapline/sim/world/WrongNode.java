package io.trapline.sim.world;

import io.trapline.node.p2m.DecisionTable;
import io.trapline.node.protocol.VcpuOpening;
import io.trapline.node.rows.AccessRows;
import io.trapline.sim.world.part.Seams;
import java.util.BitSet;
import java.util.List;

/** Seams of nodes whose registry, shards or vCPUs are wrong. */
final class WrongNode {
    private WrongNode() {}

    static final class AcknowledgesEarly extends Seams {
        @Override
        public boolean acknowledgesEarly() {
            return true;
        }
    }

    static final class HalfATypeChange extends Seams {
        @Override
        public boolean changesWhatAgrees() {
            return true;
        }
    }

    static final class WipesOnTyping extends Seams {
        @Override
        public boolean wipesOnTyping() {
            return true;
        }
    }

    static final class AccessesOutOfOrder extends Seams {
        @Override
        public AccessRows accepted(AccessRows rows) {
            AccessRows reversed = new AccessRows(rows.size());
            for (int i = rows.size() - 1; i >= 0; i--) {
                reversed.add(
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
            return reversed;
        }
    }

    static final class TableBefore extends Seams {
        private int tables;

        @Override
        public DecisionTable table(DecisionTable before, DecisionTable now) {
            return ++tables % 4 == 0 ? before : now;
        }
    }

    static final class ServersThoughtGone extends Seams {
        @Override
        public BitSet present(BitSet servers) {
            return new BitSet();
        }
    }

    static final class OpeningUnheardByShards extends Seams {
        @Override
        public List<VcpuOpening> openedForShards(List<VcpuOpening> opened) {
            return List.of();
        }
    }

    static final class OpeningUnheardByVcpus extends Seams {
        @Override
        public List<VcpuOpening> openedForVcpus(List<VcpuOpening> opened) {
            return List.of();
        }
    }

    static final class SettledTooFar extends Seams {
        @Override
        public long settled(long through) {
            return through + 1;
        }
    }

    static final class PartMisplaced extends Seams {
        @Override
        public long partAddress(int part, long address) {
            return part == 0 ? address : address + 1;
        }
    }

    /** A retry is another access to the shard, at the same place in the vCPU's window. */
    static final class RetryTakenForNew extends Seams {
        private static final long ANEW = 1L << 40;

        @Override
        public long askedAgain(long sequence) {
            return sequence | ANEW;
        }

        @Override
        public long original(long sequence) {
            return sequence & (ANEW - 1);
        }
    }

    static final class AnswersWhilePaused extends Seams {
        @Override
        public boolean pausedAtVcpus(boolean paused) {
            return false;
        }
    }

    static final class AnswerChanged extends Seams {
        private int answers;

        @Override
        public long toldToGuest(long value) {
            return ++answers % 16 == 0 ? value ^ 1 : value;
        }
    }
}

package io.trapline.sim.world;

import io.trapline.node.p2m.DecisionTable;
import io.trapline.node.protocol.VcpuOpening;
import io.trapline.node.rows.AccessRows;
import java.util.BitSet;
import java.util.List;

/** Seams of nodes whose registry, shards or vCPUs are wrong. */
final class WrongNode {
    private WrongNode() {}

    static final class AcknowledgesEarly extends Seams {
        @Override
        boolean acknowledgesEarly() {
            return true;
        }
    }

    static final class HalfATypeChange extends Seams {
        @Override
        boolean changesWhatAgrees() {
            return true;
        }
    }

    static final class WipesOnTyping extends Seams {
        @Override
        boolean wipesOnTyping() {
            return true;
        }
    }

    static final class AccessesOutOfOrder extends Seams {
        @Override
        AccessRows accepted(AccessRows rows) {
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
        DecisionTable table(DecisionTable before, DecisionTable now) {
            return ++tables % 4 == 0 ? before : now;
        }
    }

    static final class ServersThoughtGone extends Seams {
        @Override
        BitSet present(BitSet servers) {
            return new BitSet();
        }
    }

    static final class OpeningUnheardByShards extends Seams {
        @Override
        List<VcpuOpening> openedForShards(List<VcpuOpening> opened) {
            return List.of();
        }
    }

    static final class OpeningUnheardByVcpus extends Seams {
        @Override
        List<VcpuOpening> openedForVcpus(List<VcpuOpening> opened) {
            return List.of();
        }
    }

    static final class SettledTooFar extends Seams {
        @Override
        long settled(long through) {
            return through + 1;
        }
    }

    static final class PartMisplaced extends Seams {
        @Override
        long partAddress(int part, long address) {
            return part == 0 ? address : address + 1;
        }
    }

    /** A retry is another access to the shard, at the same place in the vCPU's window. */
    static final class RetryTakenForNew extends Seams {
        private static final long ANEW = 1L << 40;

        @Override
        long askedAgain(long sequence) {
            return sequence | ANEW;
        }

        @Override
        long original(long sequence) {
            return sequence & (ANEW - 1);
        }
    }

    static final class AnswersWhilePaused extends Seams {
        @Override
        boolean pausedAtVcpus(boolean paused) {
            return false;
        }
    }

    static final class AnswerChanged extends Seams {
        private int answers;

        @Override
        long toldToGuest(long value) {
            return ++answers % 16 == 0 ? value ^ 1 : value;
        }
    }
}

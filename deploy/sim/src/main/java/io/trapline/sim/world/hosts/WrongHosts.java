package io.trapline.sim.world.hosts;

import io.trapline.node.protocol.Gate;
import io.trapline.node.rows.AccessRows;
import io.trapline.node.rows.KeyRows;
import io.trapline.sim.world.part.Seams;

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
}

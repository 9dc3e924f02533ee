package io.trapline.sim.world;

import io.trapline.model.IoreqAttributes;
import io.trapline.model.RangeSet;
import io.trapline.node.ioreq.KeptRequests;
import io.trapline.node.protocol.Drain;
import io.trapline.node.protocol.Gate;
import io.trapline.node.protocol.ServerView;
import io.trapline.node.protocol.VcpuOpening;
import io.trapline.node.rows.IoreqRows;
import io.trapline.node.rows.KeyRows;
import io.trapline.node.rows.OutcomeRows;
import io.trapline.sim.world.part.Layout;
import io.trapline.sim.world.part.Seams;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** Seams of IOREQ servers that are wrong. */
final class WrongServers {
    private WrongServers() {}

    static final class BelievesLateAnswers extends Seams {
        @Override
        public boolean believesLateAnswers() {
            return true;
        }
    }

    static final class BelievesFencedSessions extends Seams {
        @Override
        public boolean endsFencedStreams() {
            return false;
        }

        @Override
        public long answersEpoch(long streamEpoch, long boundEpoch) {
            return boundEpoch;
        }
    }

    static final class TakesStaleDecisions extends Seams {
        @Override
        public long decidedRevision(long decided, long applied) {
            return Math.max(decided, applied);
        }
    }

    /** It hears of no range that it loses. */
    static final class KeepsRanges extends Seams {
        @Override
        public ServerView view(ServerView before, ServerView now) {
            return new ServerView(
                    now.id(),
                    now.generation(),
                    now.principal(),
                    now.enabled(),
                    now.buffers(),
                    now.timeoutMillis(),
                    now.claims(),
                    kept(before.generation(), now.ports(), ports),
                    kept(before.generation(), now.memory(), memory),
                    now.pci(),
                    now.sessionEpoch(),
                    now.run(),
                    now.changedRevision(),
                    now.homeEpoch(),
                    now.otherRunUntil(),
                    now.line());
        }

        private final Map<Long, RangeSet> ports = new HashMap<>();
        private final Map<Long, RangeSet> memory = new HashMap<>();

        private static RangeSet kept(long generation, RangeSet now, Map<Long, RangeSet> known) {
            return known.merge(generation, now, (before, newer) -> newer.isEmpty() ? before : newer);
        }
    }

    static final class KeepsSession extends Seams {
        @Override
        public ServerView view(ServerView before, ServerView now) {
            return before.sessionEpoch() == 0 ? now : with(now, now.timeoutMillis(), before.sessionEpoch());
        }
    }

    static final class TimesOutEarly extends Seams {
        @Override
        public ServerView view(ServerView before, ServerView now) {
            return with(now, now.timeoutMillis() / 4, now.sessionEpoch());
        }
    }

    static final class NeverTimesOut extends Seams {
        @Override
        public ServerView view(ServerView before, ServerView now) {
            return with(now, 0, now.sessionEpoch());
        }
    }

    private static ServerView with(ServerView view, int timeoutMillis, long sessionEpoch) {
        return new ServerView(
                view.id(),
                view.generation(),
                view.principal(),
                view.enabled(),
                view.buffers(),
                timeoutMillis,
                view.claims(),
                view.ports(),
                view.memory(),
                view.pci(),
                sessionEpoch,
                view.run(),
                view.changedRevision(),
                view.homeEpoch(),
                view.otherRunUntil(),
                view.line());
    }

    static final class FreesTimedOutSlots extends Seams {
        @Override
        public boolean freesTimedOutSlots() {
            return true;
        }
    }

    static final class DeliversWhilePaused extends Seams {
        @Override
        public boolean pausedAtServers(boolean paused) {
            return false;
        }
    }

    static final class DrainsNothing extends Seams {
        @Override
        public List<Drain> drains(List<Drain> begun) {
            return begun.stream()
                    .map(drain -> new Drain(drain.revision(), Layout.TYPES, drain.drainMillis()))
                    .toList();
        }
    }

    static final class NeverDrained extends Seams {
        @Override
        public List<Drain> drains(List<Drain> begun) {
            return List.of();
        }
    }

    static final class GivesNoTimeToDrain extends Seams {
        @Override
        public List<Drain> drains(List<Drain> begun) {
            return begun.stream()
                    .map(drain -> new Drain(drain.revision(), drain.x(), 0))
                    .toList();
        }
    }

    static final class DrainedAtOnce extends Seams {
        @Override
        public List<Drain> drainsOverAtOnce(List<Drain> begun) {
            return begun;
        }
    }

    static final class OpeningUnheard extends Seams {
        @Override
        public List<VcpuOpening> openedForServers(List<VcpuOpening> opened) {
            return List.of();
        }
    }

    static final class CallsOfFencedSessions extends Seams {
        @Override
        public Gate gate(Gate gate, long boundEpoch) {
            return new Gate(gate.principal(), gate.serverId(), gate.generation(), boundEpoch, gate.serving());
        }
    }

    static final class CallsOfNoIoreq extends Seams {
        @Override
        public Gate gate(Gate gate, long boundEpoch) {
            return new Gate(gate.principal(), gate.serverId(), gate.generation(), gate.sessionEpoch(), new KeyRows(0));
        }
    }

    static final class BeyondCredit extends Seams {
        @Override
        public int credit(int rows) {
            return rows + 1;
        }
    }

    static final class BeyondTheStream extends Seams {
        @Override
        public boolean takesMore(boolean ready) {
            return true;
        }
    }

    static final class LosesPostedAtAttach extends Seams {
        @Override
        public KeptRequests kept(KeptRequests kept, KeyRows posted) {
            for (int i = 0; i < posted.size(); i++) {
                kept.add(posted.vcpu(i), posted.vcpuEpoch(i), posted.sequence(i), posted.part(i), 0, false);
            }
            return kept;
        }
    }

    static final class OutcomeLost extends Seams {
        @Override
        public OutcomeRows completed(OutcomeRows rows) {
            return first(rows, rows.size() - 1, 0);
        }
    }

    static final class OutcomeChanged extends Seams {
        @Override
        public OutcomeRows completed(OutcomeRows rows) {
            return first(rows, rows.size(), 1);
        }
    }

    private static OutcomeRows first(OutcomeRows rows, int count, long change) {
        OutcomeRows some = new OutcomeRows(rows.size());
        KeyRows keys = rows.keys();
        for (int i = 0; i < count; i++) {
            some.add(
                    keys.vcpu(i),
                    keys.vcpuEpoch(i),
                    keys.sequence(i),
                    keys.part(i),
                    rows.data(i) ^ change,
                    rows.errno(i));
        }
        return some;
    }

    static final class GivenBackLost extends Seams {
        @Override
        public KeyRows givenBack(KeyRows rows) {
            KeyRows some = new KeyRows(rows.size());
            for (int i = 0; i < rows.size() - 1; i++) {
                some.add(rows.vcpu(i), rows.vcpuEpoch(i), rows.sequence(i), rows.part(i));
            }
            return some;
        }
    }

    static final class RedeliveredUnmarked extends Seams {
        @Override
        public IoreqRows delivered(IoreqRows rows) {
            IoreqRows unmarked = new IoreqRows(rows.size());
            KeyRows keys = rows.keys();
            for (int i = 0; i < rows.size(); i++) {
                unmarked.add(
                        keys.vcpu(i),
                        keys.vcpuEpoch(i),
                        keys.sequence(i),
                        keys.part(i),
                        rows.attributes(i),
                        (byte) (rows.marks(i) & ~IoreqAttributes.MARK_REDELIVERED),
                        rows.claimedType(i),
                        rows.address(i),
                        rows.data(i),
                        rows.count(i),
                        rows.window(i),
                        rows.deadlineNanos(i),
                        rows.firstRevision(i));
            }
            return unmarked;
        }
    }

    static final class DeliversOutOfOrder extends Seams {
        @Override
        public IoreqRows delivered(IoreqRows rows) {
            IoreqRows reversed = new IoreqRows(rows.size());
            for (int i = rows.size() - 1; i >= 0; i--) {
                reversed.add(rows, i);
            }
            return reversed;
        }
    }

    static final class RowLostOnTheWay extends Seams {
        @Override
        public IoreqRows arriving(IoreqRows rows) {
            IoreqRows some = new IoreqRows(rows.size());
            for (int i = 0; i < rows.size() - 1; i++) {
                some.add(rows, i);
            }
            return some;
        }
    }

    static final class RowTwiceOnTheWay extends Seams {
        @Override
        public IoreqRows arriving(IoreqRows rows) {
            IoreqRows more = new IoreqRows(rows.size() + 1);
            for (int i = 0; i < rows.size(); i++) {
                more.add(rows, i);
            }
            more.add(rows, rows.size() - 1);
            return more;
        }
    }
}

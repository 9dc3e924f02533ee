package io.trapline.sim.world;

import io.trapline.coordinator.registry.RegistryView;
import io.trapline.internal.v1.Command;
import io.trapline.internal.v1.LogEntry;
import io.trapline.internal.v1.RegistryChange;
import io.trapline.internal.v1.Snapshot;
import io.trapline.sim.world.part.Commands;
import io.trapline.sim.world.part.Seams;
import io.trapline.v1.ClaimState;
import io.trapline.v1.RequestId;
import java.util.List;

/** Seams of coordinators that are wrong. */
final class WrongCoordinator {
    private WrongCoordinator() {}

    static final class ClaimTaken extends Seams {
        @Override
        public List<Command> carriedOut(Command command, RegistryView registry) {
            if (!command.hasMapMemType() || command.getMapMemType().getFlags() == 0) {
                return List.of(command);
            }
            int x = command.getMapMemType().getTypeValue() - Commands.FIRST_TYPE;
            return registry.everything().getClaimsList().stream()
                    .filter(claim ->
                            claim.getTypeValue() == command.getMapMemType().getTypeValue()
                                    && claim.getState() == ClaimState.CLAIM_STATE_HELD)
                    .findFirst()
                    .map(claim -> List.of(
                            Commands.release(claim.getId(), x, 0, false),
                            Commands.finishDrain(registry.revision() + 1),
                            command))
                    .orElse(List.of(command));
        }
    }

    static final class FreedAtOnce extends Seams {
        @Override
        public List<Command> carriedOut(Command command, RegistryView registry) {
            boolean releases =
                    command.hasMapMemType() && command.getMapMemType().getFlags() == 0;
            return releases ? List.of(command, Commands.finishDrain(registry.revision() + 1)) : List.of(command);
        }
    }

    static final class RetryWithoutItsId extends Seams {
        @Override
        public Command retried(Command command) {
            return Commands.withId(command, RequestId.getDefaultInstance());
        }
    }

    static final class EntryUnderAnotherNumber extends Seams {
        @Override
        public LogEntry writtenAgain(LogEntry entry) {
            return entry.toBuilder().setNumber(entry.getNumber() + 1).build();
        }
    }

    static final class SnapshotWithoutDrains extends Seams {
        @Override
        public Snapshot snapshot(Snapshot snapshot) {
            return snapshot.toBuilder().clearDrains().build();
        }
    }

    static final class SnapshotOfAnOlderRevision extends Seams {
        @Override
        public Snapshot snapshot(Snapshot snapshot) {
            return snapshot.toBuilder().setRevision(snapshot.getRevision() - 1).build();
        }
    }

    static final class ReturnsUndrained extends Seams {
        @Override
        public long awaited(long drain) {
            return 0;
        }
    }

    static final class NodeReturnsUnnoticed extends Seams {
        @Override
        public long incarnation(long fresh) {
            return Commands.INCARNATION;
        }
    }

    static final class ChangeUntold extends Seams {
        private int changes;

        @Override
        public boolean isTold(RegistryChange change) {
            return ++changes % 16 != 0;
        }
    }

    static final class SnapshotTakenForAChange extends Seams {
        @Override
        public RegistryChange everything(RegistryChange everything) {
            return everything.toBuilder().setSnapshot(false).build();
        }
    }
}

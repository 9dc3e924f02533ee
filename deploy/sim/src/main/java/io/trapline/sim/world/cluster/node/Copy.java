package io.trapline.sim.world.cluster.node;

import io.trapline.internal.v1.AbandonSync;
import io.trapline.internal.v1.AddBackup;
import io.trapline.internal.v1.BeginHandOver;
import io.trapline.internal.v1.Command;
import io.trapline.internal.v1.DropBackup;
import io.trapline.internal.v1.HandOver;
import io.trapline.internal.v1.NodeLife;
import io.trapline.internal.v1.RunName;
import io.trapline.internal.v1.ShardRun;
import io.trapline.sim.world.cluster.host.Agenda;
import io.trapline.sim.world.cluster.host.SimHost;
import io.trapline.sim.world.cluster.seam.ClusterSeams;
import io.trapline.v1.ShardState;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.BooleanSupplier;

/**
 * A life's copy of a domain's memory, by the tables of the design (6.1, 6.2): the primary's changes go to its backup, and are acknowledged when that has them. A
 * change is a number; the copy is the set of those that it has, so that order and repetition do not matter.
 */
final class Copy {
    private static final long MILLIS = 1_000_000;
    private static final long SILENT = 600 * MILLIS;
    private static final long TICK = 150 * MILLIS;
    /** Once in so many changes a primary hands over, or goes on alone, as in the drain of a node. */
    private static final int WHIM = 100;

    private final Agenda agenda;
    private final SimHost host;
    private final ClusterSeams seams;
    private final NodeLife self;
    private final RunName name;
    private final BooleanSupplier serves;
    private final Copies copies;
    private final Set<Long> content = new TreeSet<>();
    /** What the other life has not confirmed, and since when. */
    private final Map<Long, Long> unconfirmed = new TreeMap<>();
    /** What has not been acknowledged to whoever asked for it. */
    private final Set<Long> waiting = new TreeSet<>();
    /** What may be, as soon as the node serves. */
    private final Set<Long> due = new TreeSet<>();

    private ShardRun run = ShardRun.getDefaultInstance();
    /** SYNCING: the other life has what there was when it began; from then on it confirms before anything is acknowledged. */
    private boolean isAligned;

    private boolean isDropping;
    /** It wants to hand over, as one does whose copy has failed. */
    private boolean wantsToHandOver;

    private boolean isTicking;

    Copy(
            Agenda agenda,
            SimHost host,
            ClusterSeams seams,
            NodeLife self,
            RunName name,
            BooleanSupplier serves,
            Copies copies) {
        this.agenda = agenda;
        this.host = host;
        this.seams = seams;
        this.self = self;
        this.name = name;
        this.serves = serves;
        this.copies = copies;
    }

    /** The domain is no more. */
    void stop() {
        run = ShardRun.getDefaultInstance();
    }

    private boolean isPrimary() {
        return run.getPrimary().equals(self) && run.getState() != ShardState.SHARD_STATE_LOST;
    }

    private boolean isSyncing() {
        return run.getState() == ShardState.SHARD_STATE_SYNCING;
    }

    private boolean isDual() {
        return run.getState() == ShardState.SHARD_STATE_DUAL;
    }

    /** From when it knows that it is to hand over on, it decides nothing (V-6). */
    private boolean isFrozen() {
        return isPrimary() && isDual() && run.getHandsOver() && !seams.decidesWhileItHandsOver();
    }

    private NodeLife other() {
        return isDual() ? run.getBackup() : run.getSyncing();
    }

    /** From now on it goes by that. */
    void apply(ShardRun now) {
        if (now.equals(run)) {
            return;
        }
        boolean wasPrimary = isPrimary();
        NodeLife otherBefore = other();
        run = now;
        wantsToHandOver = false;
        isDropping = false;
        if (!isPrimary()) {
            applyElsewhere(wasPrimary);
        } else if (isSyncing()) {
            isAligned = false;
            // It was alone in between.
            due.addAll(waiting);
            unconfirmed.clear();
            content.forEach(change -> unconfirmed.put(change, host.clock().getAsLong()));
        } else if (!isDual()) {
            due.addAll(waiting);
            unconfirmed.clear();
        } else if (!other().equals(otherBefore)) {
            unconfirmed.clear();
        }
        flush();
        if (isPrimary()) {
            propose();
            tickLater();
        }
    }

    private void applyElsewhere(boolean wasPrimary) {
        waiting.clear();
        due.clear();
        unconfirmed.clear();
        boolean keeps = isDual() && run.getBackup().equals(self);
        if (wasPrimary) {
            agenda.say(() -> host.name() + " has lost or handed over " + content.size() + " changes");
        }
        // Whoever is given a copy begins with nothing, and whoever has handed over has none.
        if (!keeps) {
            content.clear();
        }
    }

    /** A guest changes a page. */
    void write() {
        if (!isPrimary() || !serves.getAsBoolean() || isFrozen() || (isDropping && !seams.acknowledgesWhileItDrops())) {
            return;
        }
        copies.checks().decides(name.getDomainGeneration(), self, run.getEpoch(), content);
        long change = agenda.name();
        content.add(change);
        boolean waits = (isDual() && !isDropping) || (isSyncing() && isAligned);
        if (isDual() || isSyncing()) {
            unconfirmed.put(change, host.clock().getAsLong());
            send(Set.of(change));
        }
        (waits ? waiting : due).add(change);
        flush();
        if (isDual() && agenda.oneIn(WHIM)) {
            wantsToHandOver = true;
            propose();
        } else if (isDual() && agenda.oneIn(WHIM)) {
            isDropping = true;
        }
    }

    private void flush() {
        if (isPrimary() && serves.getAsBoolean()) {
            for (long change : due) {
                waiting.remove(change);
                copies.checks().acknowledges(name.getDomainGeneration(), self, run.getEpoch(), change);
            }
            due.clear();
        }
    }

    // ---- between the two

    private void send(Set<Long> changes) {
        long epoch = run.getEpoch();
        Set<Long> sent = new HashSet<>(changes);
        copies.send(
                other(),
                name.getDomainGeneration(),
                () -> sent.size() + " changes under epoch " + epoch,
                backup -> backup.take(self, epoch, sent));
    }

    private void take(NodeLife from, long epoch, Set<Long> changes) {
        boolean isForMe = epoch == run.getEpoch()
                && other().equals(self)
                && run.getPrimary().equals(from);
        if (isForMe) {
            content.addAll(changes);
            copies.send(
                    from,
                    name.getDomainGeneration(),
                    () -> changes.size() + " changes are here, epoch " + epoch,
                    primary -> primary.confirmed(epoch, changes));
        }
    }

    private void confirmed(long epoch, Set<Long> changes) {
        if (!isPrimary() || epoch != run.getEpoch()) {
            return;
        }
        unconfirmed.keySet().removeAll(changes);
        changes.stream().filter(waiting::contains).forEach(due::add);
        flush();
        if (isSyncing() && !isAligned && unconfirmed.isEmpty()) {
            isAligned = true;
            propose();
        }
    }

    // ---- what it proposes, again and again until the registry has moved on

    private void tickLater() {
        if (!isTicking && isPrimary() && (isDual() || isSyncing())) {
            isTicking = true;
            host.after(TICK, () -> {
                isTicking = false;
                tick();
                tickLater();
            });
        }
    }

    private void tick() {
        flush();
        if (!isPrimary() || !(isDual() || isSyncing())) {
            return;
        }
        if (!unconfirmed.isEmpty()) {
            send(unconfirmed.keySet());
        }
        isAligned |= isSyncing() && unconfirmed.isEmpty();
        isDropping |= isDual() && isOtherSilent();
        propose();
    }

    private boolean isOtherSilent() {
        long now = host.clock().getAsLong();
        return unconfirmed.values().stream().anyMatch(since -> now - since > SILENT);
    }

    private void propose() {
        Command.Builder command = Command.newBuilder();
        RunName named = name.toBuilder().setEpoch(run.getEpoch()).build();
        boolean isComplete = unconfirmed.isEmpty();
        if (isSyncing() && ((isAligned && isComplete) || seams.addsBackupsEarly())) {
            command.setAddBackup(AddBackup.newBuilder().setRun(named).setPrimary(self));
        } else if (isSyncing() && isOtherSilent()) {
            command.setAbandonSync(AbandonSync.newBuilder().setRun(named).setPrimary(self));
        } else if (isDual() && isDropping) {
            command.setDropBackup(DropBackup.newBuilder().setRun(named).setPrimary(self));
        } else if (isDual() && run.getHandsOver() && isComplete) {
            command.setHandOver(HandOver.newBuilder().setRun(named).setPrimary(self));
        } else if (isDual() && wantsToHandOver) {
            command.setBeginHandOver(BeginHandOver.newBuilder().setRun(named).setPrimary(self));
        } else {
            return;
        }
        copies.propose(command.build());
    }
}

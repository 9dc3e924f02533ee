package io.trapline.node.replica;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.trapline.node.replica.ShardReplica.State;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

@DisplayName("D-23: both sides of a shard's replication")
final class ShardReplicaTest {
    private static final long BASE = 30;

    private final List<String> said = new ArrayList<>();
    private final ShardReplica.Effects effects = new ShardReplica.Effects() {
        @Override
        public void release(long through) {
            said.add("release " + through);
        }

        @Override
        public void proposeDrop(long silentNanos) {
            said.add(drop(silentNanos));
        }

        @Override
        public void proposeAdd() {
            said.add("add");
        }

        @Override
        public void proposeAbandon(long silentNanos) {
            said.add("abandon, silent for " + silentNanos);
        }
    };
    private final ShardReplica replica = new ShardReplica(effects, false);

    private static String drop(long silentNanos) {
        return "drop, silent for " + silentNanos;
    }

    @Test
    @DisplayName("a step may leave when the other copy has it, and not before")
    void releasesWhatIsAcknowledged() {
        replica.copied(BASE);
        assertThat(replica.step(0)).isEqualTo(1);
        assertThat(replica.step(0)).isEqualTo(2);
        replica.acknowledged(BASE - 1, 2, 1);
        replica.acknowledged(BASE, 3, 1);
        assertThat(said).as("of another copy; of a step that was not done").isEmpty();

        replica.acknowledged(BASE, 1, 1);
        replica.acknowledged(BASE, 1, 1);
        replica.acknowledged(BASE, 2, 1);

        assertThat(said).containsExactly("release 1", "release 2");
        assertThat(replica.isWaiting()).isFalse();
    }

    @Test
    @DisplayName(
            "a copy that is silent is proposed to be dropped, again and again; nothing leaves before the registry says that it is")
    void dropsASilentCopy() {
        replica.copied(BASE);
        replica.step(1_000);
        replica.tick(999 + ShardReplica.SILENCE_NANOS);
        assertThat(said).isEmpty();

        long silent = 1_000 + ShardReplica.SILENCE_NANOS;
        replica.tick(silent);
        replica.tick(silent + ShardReplica.PROPOSE_EVERY_NANOS - 1);
        replica.tick(silent + ShardReplica.PROPOSE_EVERY_NANOS);
        assertThat(said)
                .as("how long it has waited for what waits for it")
                .containsExactly(
                        drop(ShardReplica.SILENCE_NANOS),
                        drop(ShardReplica.SILENCE_NANOS + ShardReplica.PROPOSE_EVERY_NANOS));
        assertThat(replica.state()).isEqualTo(State.DROPPING);

        replica.alone();
        assertThat(said).endsWith("release 1");
        assertThat(replica.isCopied()).isFalse();
    }

    @Test
    @DisplayName("silence counts from the last acknowledgement, or from the first step that waits")
    void countsSilenceFromWhatWaits() {
        replica.copied(BASE);
        replica.step(0);
        replica.step(0);
        replica.acknowledged(BASE, 1, 500);
        replica.tick(499 + ShardReplica.SILENCE_NANOS);
        replica.acknowledged(BASE, 2, 600);
        replica.step(700);
        replica.tick(699 + ShardReplica.SILENCE_NANOS);

        assertThat(said).containsExactly("release 1", "release 2");
    }

    @Test
    @DisplayName("what the primary itself did not look at is no silence, nor time in which a proposal was not heard")
    void countsNoSilenceWhileItIsStalled() {
        replica.copied(BASE);
        replica.step(0);
        replica.stalled(500);
        replica.tick(499 + ShardReplica.SILENCE_NANOS);
        assertThat(said).isEmpty();
        replica.tick(500 + ShardReplica.SILENCE_NANOS);
        assertThat(said).containsExactly(drop(ShardReplica.SILENCE_NANOS));

        long again = 500 + ShardReplica.SILENCE_NANOS + ShardReplica.PROPOSE_EVERY_NANOS;
        replica.stalled(7);
        replica.tick(again + 6);
        assertThat(said).hasSize(1);
        replica.tick(again + 7);
        assertThat(said)
                .containsExactly(
                        drop(ShardReplica.SILENCE_NANOS),
                        drop(ShardReplica.SILENCE_NANOS + ShardReplica.PROPOSE_EVERY_NANOS));
    }

    @Test
    @DisplayName("a copy that has everything after all is one again")
    void takesTheCopyBack() {
        replica.copied(BASE);
        replica.step(0);
        replica.tick(ShardReplica.SILENCE_NANOS);
        replica.acknowledged(BASE, 1, ShardReplica.SILENCE_NANOS);
        replica.tick(3 * ShardReplica.SILENCE_NANOS);

        assertThat(replica.state()).isEqualTo(State.DUAL);
        assertThat(said).containsExactly(drop(ShardReplica.SILENCE_NANOS), "release 1");
    }

    @Test
    @DisplayName("another copy begins to count anew, and knows nothing of what the one before has said")
    void beginsAnew() {
        replica.copied(BASE);
        replica.step(0);
        replica.alone();
        replica.copied(BASE + 5);
        said.clear();

        assertThat(replica.step(0)).isEqualTo(1);
        replica.acknowledged(BASE, 1, 0);
        assertThat(said).isEmpty();
        replica.acknowledged(BASE + 5, 1, 0);
        assertThat(said).containsExactly("release 1");
    }

    @Test
    @DisplayName("a backup does each step of its copy once and in order, and none of another")
    void doesEachStepOnce() {
        BackupReplica backup = new BackupReplica(BASE);
        assertThat(backup.takes(BASE, 1)).isTrue();
        assertThat(backup.takes(BASE, 1)).as("more of it").isTrue();
        backup.did(1);
        assertThat(backup.takes(BASE, 1)).isFalse();
        assertThat(backup.takes(BASE - 1, 2)).isFalse();
        assertThat(backup.takes(BASE, 2)).isTrue();

        assertThatThrownBy(() -> backup.takes(BASE, 3)).isInstanceOf(IllegalStateException.class);
    }

    @Test
    @DisplayName(
            "D-24: a copy that is made is proposed when it is whole and has said so, again and again, and then counts")
    void proposesACopyThatIsWhole() {
        replica.syncing(BASE);
        replica.step(0);
        replica.acknowledged(BASE, 1, 1);
        assertThat(replica.isCopied()).isFalse();
        assertThat(said).as("a chunk").containsExactly("release 1");

        replica.step(1);
        replica.aligned();
        assertThat(replica.isCopied()).as("what comes now waits").isTrue();
        replica.step(2);
        replica.acknowledged(BASE, 2, 3);
        replica.tick(3 + ShardReplica.PROPOSE_EVERY_NANOS);
        assertThat(said).containsExactly("release 1", "release 2", "add", "add");

        replica.added();
        assertThat(replica.state()).isEqualTo(State.DUAL);
        assertThat(replica.isWaiting()).isTrue();
    }

    @Test
    @DisplayName("D-24: a copy that is silent while it is made is given up, and is not proposed any more")
    void abandonsASilentCopy() {
        replica.syncing(BASE);
        replica.step(0);
        replica.aligned();
        replica.tick(ShardReplica.SILENCE_NANOS);
        replica.acknowledged(BASE, 1, ShardReplica.SILENCE_NANOS + 1);
        replica.tick(ShardReplica.SILENCE_NANOS + ShardReplica.PROPOSE_EVERY_NANOS);
        assertThat(said)
                .containsExactly(
                        "abandon, silent for " + ShardReplica.SILENCE_NANOS,
                        "release 1",
                        "abandon, silent for " + (ShardReplica.PROPOSE_EVERY_NANOS - 1));

        replica.alone();
        assertThat(replica.state()).isEqualTo(State.SOLO);
    }

    @Test
    @DisplayName("D-24: a copy that was silent is given up although it is whole by the time that somebody hears it")
    void abandonsACopyThatIsWholeTooLate() {
        replica.syncing(BASE);
        replica.step(0);
        replica.tick(ShardReplica.SILENCE_NANOS);
        replica.acknowledged(BASE, 1, ShardReplica.SILENCE_NANOS + 1);
        replica.aligned();
        replica.tick(ShardReplica.SILENCE_NANOS + ShardReplica.PROPOSE_EVERY_NANOS);

        assertThat(said)
                .containsExactly(
                        "abandon, silent for " + ShardReplica.SILENCE_NANOS,
                        "release 1",
                        "abandon, silent for " + (ShardReplica.PROPOSE_EVERY_NANOS - 1));
    }

    @Test
    @DisplayName("D4: where changes wait for a second copy nothing may leave but while the registry counts two")
    void waitsForASecondCopy() {
        ShardReplica waiting = new ShardReplica(effects, true);
        assertThat(waiting.keeps()).as("alone").isTrue();
        waiting.syncing(BASE);
        assertThat(waiting.keeps()).isTrue();
        waiting.step(0);
        waiting.aligned();
        waiting.step(1);
        waiting.acknowledged(BASE, 2, 2);
        assertThat(said).as("the copy has everything, and is none yet").containsExactly("add");

        waiting.added();
        assertThat(said).containsExactly("add", "release 2");
        waiting.step(3);
        waiting.acknowledged(BASE, 3, 4);
        waiting.step(5);
        waiting.alone();
        assertThat(said).endsWith("release 3");
        assertThat(waiting.keptAlone()).isEqualTo(ShardReplica.UNTIL_WHOLE);
    }

    @Test
    @DisplayName(
            "D-24: changes that outrun the copy that is made are kept until it is whole, or there is none any more")
    void slowsDownWhatOutrunsTheCopy() {
        replica.syncing(BASE);
        assertThat(replica.keeps()).isFalse();
        replica.slow();
        assertThat(replica.keeps()).isTrue();
        replica.aligned();
        assertThat(replica.keeps()).as("they wait for the copy's word").isFalse();
        replica.alone();
        assertThat(replica.keeps()).isFalse();
        assertThat(replica.keptAlone()).isZero();
    }

    @Test
    @DisplayName("D-24: a backup that is not whole is refused")
    void refusesABackupThatIsNotWhole() {
        replica.syncing(BASE);
        assertThatThrownBy(replica::added).isInstanceOf(IllegalStateException.class);
    }
}

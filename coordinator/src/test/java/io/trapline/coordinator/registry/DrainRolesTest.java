package io.trapline.coordinator.registry;

import static io.trapline.coordinator.registry.Cluster.INCARNATION;
import static io.trapline.coordinator.registry.Cluster.NODE;
import static io.trapline.coordinator.registry.Cluster.life;
import static org.assertj.core.api.Assertions.assertThat;

import io.trapline.internal.v1.AddBackup;
import io.trapline.internal.v1.BeginHandOver;
import io.trapline.internal.v1.Command;
import io.trapline.internal.v1.DropBackup;
import io.trapline.internal.v1.FinishDrain;
import io.trapline.internal.v1.HandOver;
import io.trapline.internal.v1.NodeLife;
import io.trapline.internal.v1.RunName;
import io.trapline.internal.v1.ShardRun;
import io.trapline.internal.v1.StartSync;
import io.trapline.model.Errno;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

@DisplayName("V-10, C5: whose word a drain waits for, and since when that is about what they have")
final class DrainRolesTest {
    private static final NodeLife P = life(NODE, INCARNATION);
    private static final NodeLife B = life("n2", 5);

    private final Cluster cluster = Cluster.withNode();
    private int domid;
    private int id;
    private long created;

    @BeforeEach
    void begin() {
        domid = cluster.domain();
        created = run().getEpoch();
        id = cluster.server(domid);
        cluster.done(Command.newBuilder().setRegisterNode(Cluster.node("n2", 5)));
    }

    @Test
    void whoHasACopyHasItSinceItIsWhole() {
        release(false);
        assertThat(roles().since()).isEqualTo(Map.of(P, created));
        cluster.done(start());
        assertThat(roles().since()).as("being given one").isEqualTo(Map.of(P, created));
        long added = cluster.done(add()).getExecute().getRevision();
        assertThat(roles().since()).isEqualTo(Map.of(P, created, B, added));
        cluster.done(Command.newBuilder()
                .setBeginHandOver(BeginHandOver.newBuilder().setRun(name()).setPrimary(P)));
        assertThat(roles().since()).isEqualTo(Map.of(P, created, B, added));

        long handedOver = cluster.done(Command.newBuilder()
                        .setHandOver(HandOver.newBuilder().setRun(name()).setPrimary(P)))
                .getExecute()
                .getRevision();

        assertThat(roles().since()).isEqualTo(Map.of(B, handedOver));
        assertThat(roles().asOf()).isEqualTo(handedOver);
        assertThat(roles().resetters()).isEmpty();
    }

    @Test
    void whoseCopyIsLostHasNone() {
        long drain = release(true);
        assertThat(roles().resetters()).containsExactly(P);
        cluster.done(cluster.end(NODE, INCARNATION));

        assertThat(roles().since()).isEmpty();
        assertThat(roles().resetters()).as("nobody has the pages").isEmpty();
        cluster.finish(drain);
    }

    @Test
    void aDrainIsNotFinishedForALeaderThatDidNotKnowWhoHasCopies() {
        long drain = release(false);
        long asOf = roles().asOf();
        cluster.done(start());
        cluster.done(add());
        assertThat(cluster.refused(Errno.EAGAIN, finish(drain, asOf)).metadata())
                .containsEntry("effect", "none");
        assertThat(cluster.registry.view().drains(drain)).isTrue();

        cluster.done(finish(drain, roles().asOf()));
        assertThat(cluster.registry.view().drains(drain)).isFalse();
        cluster.done(finish(drain, asOf));
    }

    @Test
    void whatDoesNotChangeCopiesDoesNotKeepADrain() {
        long drain = release(false);
        long asOf = roles().asOf();
        cluster.done(Cluster.pause(domid));
        cluster.domain();

        cluster.done(finish(drain, asOf));

        assertThat(cluster.registry.view().drains(drain)).isFalse();
    }

    @Test
    void aDroppedBackupHasNoneAndThePrimaryTheOneItHad() {
        release(false);
        cluster.done(start());
        cluster.done(add());
        cluster.done(Command.newBuilder()
                .setDropBackup(DropBackup.newBuilder().setRun(name()).setPrimary(P)));

        assertThat(roles().since()).isEqualTo(Map.of(P, created));
    }

    private static Command.Builder finish(long drain, long asOf) {
        return Command.newBuilder()
                .setFinishDrain(FinishDrain.newBuilder().setRevision(drain).setAsOf(asOf));
    }

    private long release(boolean resets) {
        cluster.done(Cluster.claim(domid, id, 0, 2));
        Command.Builder release = Cluster.release(domid, id, 0);
        release.getMapMemTypeBuilder().setReset(resets);
        return cluster.done(release).getDrain();
    }

    private DrainRoles roles() {
        RegistryView view = cluster.registry.view();
        return view.drainRoles(view.drainsOf(domid).getFirst());
    }

    private Command.Builder start() {
        return Command.newBuilder()
                .setStartSync(StartSync.newBuilder().setRun(name()).setSyncing(B))
                .setLeadership(cluster.leadership());
    }

    private Command.Builder add() {
        return Command.newBuilder()
                .setAddBackup(AddBackup.newBuilder().setRun(name()).setPrimary(P));
    }

    private RunName name() {
        return RunName.newBuilder().setDomid(domid).setEpoch(run().getEpoch()).build();
    }

    private ShardRun run() {
        return cluster.registry.snapshot().getDomains(0).getRuns(0);
    }
}

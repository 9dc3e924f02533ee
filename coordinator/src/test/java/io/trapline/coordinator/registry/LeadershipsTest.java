package io.trapline.coordinator.registry;

import static io.trapline.coordinator.registry.Cluster.INCARNATION;
import static io.trapline.coordinator.registry.Cluster.NODE;
import static io.trapline.coordinator.registry.Cluster.claim;
import static io.trapline.coordinator.registry.Cluster.release;
import static org.assertj.core.api.Assertions.assertThat;

import io.trapline.internal.v1.Answer;
import io.trapline.internal.v1.BeginGeneration;
import io.trapline.internal.v1.BeginLeadership;
import io.trapline.internal.v1.Command;
import io.trapline.internal.v1.EndNode;
import io.trapline.internal.v1.FinishDrain;
import io.trapline.internal.v1.LapseNode;
import io.trapline.model.Errno;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

@DisplayName("V-4: what a leader observed counts in its leadership only")
final class LeadershipsTest {
    private final Cluster cluster = Cluster.withNode();

    @Test
    void namesALeadershipByTheRevisionThatBeganIt() {
        long first = cluster.beginLeadership();
        assertThat(first).isEqualTo(cluster.registry.view().revision());
        assertThat(cluster.change().getRevision()).isEqualTo(first);

        assertThat(cluster.beginLeadership()).isEqualTo(first + 1);
    }

    @Test
    void refusesWhatRestsOnALeadershipThatIsOver() {
        int domid = cluster.domain();
        int id = cluster.server(domid);
        cluster.done(claim(domid, id, 0, 2));
        long drain = cluster.done(release(domid, id, 0)).getDrain();
        Command.Builder finish = Command.newBuilder()
                .setFinishDrain(FinishDrain.newBuilder().setRevision(drain))
                .setLeadership(cluster.leadership());
        Command.Builder lapse = cluster.lapse(NODE, INCARNATION);
        Command.Builder end = cluster.end(NODE, INCARNATION);
        Command.Builder replace = cluster.replace(NODE, 78);
        long next = cluster.beginLeadership();

        assertThat(cluster.refused(Errno.EAGAIN, finish).metadata()).containsEntry("leadership", Long.toString(next));
        cluster.refused(Errno.EAGAIN, lapse);
        cluster.refused(Errno.EAGAIN, end);
        cluster.refused(Errno.EAGAIN, replace);
        assertThat(cluster.registry.view().drains(drain)).isTrue();

        cluster.done(finish.setLeadership(next));
        assertThat(cluster.registry.view().drains(drain)).isFalse();
    }

    @Test
    void refusesWhatRestsOnALeadershipThatHasNotBegun() {
        cluster.refused(Errno.EAGAIN, cluster.end(NODE, INCARNATION).setLeadership(cluster.leadership() + 1));
    }

    @Test
    void tellsThatRefusalFromOthers() {
        Command.Builder late = cluster.end(NODE, INCARNATION);
        cluster.beginLeadership();

        assertThat(Answers.leadershipIsOver(cluster.apply(late))).isTrue();
        assertThat(Answers.leadershipIsOver(cluster.apply(cluster.end("", 0)))).isFalse();
        assertThat(Answers.leadershipIsOver(cluster.apply(Cluster.openVcpu(9, 0))))
                .isFalse();
        assertThat(Answers.leadershipIsOver(Answer.getDefaultInstance())).isFalse();
    }

    @Test
    void needsALeadershipForTheEndOfALease() {
        var life = Cluster.life(NODE, INCARNATION);
        assertThat(cluster.refused(
                                Errno.EINVAL,
                                Command.newBuilder()
                                        .setLapseNode(LapseNode.newBuilder().setLife(life)))
                        .metadata())
                .containsEntry("field", "leadership");
        cluster.refused(
                Errno.EINVAL,
                Command.newBuilder().setEndNode(EndNode.newBuilder().setLife(life)));
        assertThat(cluster.refused(
                                Errno.EINVAL,
                                Command.newBuilder().setBeginLeadership(BeginLeadership.getDefaultInstance()))
                        .metadata())
                .containsEntry("field", "peer");
    }

    @Test
    void survivesASnapshotAndEndsWithItsGeneration() {
        long leadership = cluster.beginLeadership();
        cluster.registry = Registry.restore(cluster.registry.snapshot());
        cluster.refused(Errno.EAGAIN, cluster.end(NODE, INCARNATION).setLeadership(leadership - 1));
        cluster.done(cluster.lapse(NODE, INCARNATION));

        cluster.done(Command.newBuilder()
                .setBeginGeneration(BeginGeneration.newBuilder().setGeneration(1)));

        cluster.refused(Errno.EAGAIN, cluster.end(NODE, INCARNATION));
        assertThat(cluster.registry.snapshot().getLeadership()).isZero();
    }
}

package io.trapline.coordinator.registry;

import static org.assertj.core.api.Assertions.assertThat;

import io.trapline.internal.v1.BeginGeneration;
import io.trapline.internal.v1.Command;
import io.trapline.internal.v1.CoordinatorId;
import io.trapline.internal.v1.UseCoordinatorIds;
import io.trapline.model.Errno;
import java.util.List;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

@DisplayName("V-1: an id of a coordinator is used once")
final class CoordinatorIdsTest {
    private final Cluster cluster = new Cluster();

    private static Command.Builder use(List<String> used, CoordinatorId... joining) {
        return Command.newBuilder()
                .setUseCoordinatorIds(
                        UseCoordinatorIds.newBuilder().addAllUsed(used).addAllJoining(List.of(joining)));
    }

    private static CoordinatorId joins(String id, String replaces) {
        return CoordinatorId.newBuilder().setId(id).setReplaces(replaces).build();
    }

    private CoordinatorId known(String id) {
        CoordinatorId known = cluster.registry.view().coordinators().get(id);
        assertThat(known).isNotNull();
        return known;
    }

    @Test
    void usesUpWhatIsInTheConfiguration() {
        cluster.done(use(List.of("c1", "c2", "c3"), joins("c4", "c3")));
        assertThat(known("c4").getUsed()).isFalse();
        assertThat(known("c4").getReplaces()).isEqualTo("c3");

        for (String id : List.of("c1", "c2", "c3")) {
            assertThat(known(id).getUsed()).isTrue();
            assertThat(cluster.refused(Errno.EEXIST, use(List.of(), joins(id, "")))
                            .metadata())
                    .containsEntry("value", id);
        }
    }

    @Test
    void keepsForWhomOneCameIn() {
        cluster.done(use(List.of("c1", "c2", "c3"), joins("c4", "c3")));
        cluster.done(use(List.of("c1", "c2", "c4"), joins("c5", "c4")));

        assertThat(known("c4").getUsed()).isTrue();
        assertThat(known("c4").getReplaces()).isEqualTo("c3");
        cluster.refused(Errno.EEXIST, use(List.of("c1"), joins("c1", "")));
    }

    @Test
    void letsOneThatHasNotComeInComeInForAnother() {
        cluster.done(use(List.of("c1", "c2", "c3"), joins("c4", "c3")));
        cluster.done(use(List.of("c1", "c2", "c3"), joins("c4", "c2")));

        assertThat(known("c4").getReplaces()).isEqualTo("c2");
    }

    @Test
    void refusesIdsThatAreNoNames() {
        cluster.refused(Errno.EINVAL, use(List.of(""), joins("c4", "")));
        cluster.refused(Errno.EINVAL, use(List.of("c1"), joins("x".repeat(300), "")));
    }

    @Test
    void isInTheSnapshot() {
        cluster.done(use(List.of("c1"), joins("c4", "c3")));
        Registry restored = Registry.restore(cluster.registry.snapshot());

        assertThat(restored.view().coordinators())
                .isEqualTo(cluster.registry.view().coordinators());
        assertThat(restored.snapshot()).isEqualTo(cluster.registry.snapshot());
    }

    @Test
    @DisplayName("V-12: a restored backup is another cluster, of which nobody has been a member")
    void areForgottenInAnotherGeneration() {
        cluster.done(use(List.of("c1"), joins("c4", "c3")));
        cluster.done(Command.newBuilder()
                .setBeginGeneration(BeginGeneration.newBuilder().setGeneration(9)));

        assertThat(cluster.registry.view().coordinators()).isEmpty();
        assertThat(cluster.registry.view().generation()).isEqualTo(9);
    }
}

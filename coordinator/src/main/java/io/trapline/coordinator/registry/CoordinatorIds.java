package io.trapline.coordinator.registry;

import io.trapline.internal.v1.Answer;
import io.trapline.internal.v1.CoordinatorId;
import io.trapline.internal.v1.UseCoordinatorIds;
import io.trapline.model.Errno;
import io.trapline.model.Pure;
import io.trapline.model.Refusal;

/**
 * The ids of coordinators (D-3): one that has been in a configuration has voted, and whoever lost what it had then never comes back under
 * that id. Every change of the configuration is preceded by the ids that are in it and those that are to come.
 */
@Pure
final class CoordinatorIds {
    private final State state;

    CoordinatorIds(State state) {
        this.state = state;
    }

    /** EEXIST where one that is to come in was used before; one that was to come in for another may still. */
    Answer use(UseCoordinatorIds q) {
        for (CoordinatorId joining : q.getJoiningList()) {
            CoordinatorId known = state.coordinators.get(joining.getId());
            if (q.getUsedList().contains(joining.getId()) || (known != null && known.getUsed())) {
                return Answers.refused(
                        Refusal.of(Errno.EEXIST, "id = " + joining.getId() + ": was used before, and is not used again")
                                .with("field", "id")
                                .with("value", joining.getId()));
            }
        }
        long revision = state.begin();
        q.getJoiningList()
                .forEach(id -> state.coordinators.put(
                        id.getId(), id.toBuilder().clearUsed().build()));
        q.getUsedList().forEach(this::used);
        return Answers.done(revision).build();
    }

    private void used(String id) {
        CoordinatorId known = state.coordinators.getOrDefault(
                id, CoordinatorId.newBuilder().setId(id).build());
        state.coordinators.put(id, known.toBuilder().setUsed(true).build());
    }

    /** Another cluster begins, of which nobody is a member yet. */
    void forget() {
        state.coordinators.clear();
    }
}

package io.trapline.cli.verify;

import io.trapline.client.Access;
import java.util.ArrayList;
import java.util.List;

/** Accesses of one vCPU with what each must be answered. Filling it carries them out on the model. */
final class Script {
    /**
     * One of them.
     *
     * @param access what the guest does
     * @param wanted what it must be answered
     */
    record Step(Access access, long wanted) {}

    private final ModelMemory model;
    private final List<Step> steps = new ArrayList<>();

    Script(ModelMemory model) {
        this.model = model;
    }

    /** One more access. */
    Script then(Access access) {
        steps.add(new Step(access, model.carryOut(access)));
        return this;
    }

    List<Step> steps() {
        return steps;
    }
}

package io.trapline.fuzz;

import io.trapline.model.Limit;
import io.trapline.v1.IoreqKey;
import java.util.Collections;
import java.util.List;

/** Keys of ioreqs that are none. */
final class Keys {
    private Keys() {}

    /** More than a call may name, or a vCPU that no domain has. */
    static List<IoreqKey> tooManyOrWrong(Dice dice) {
        return dice.chance(20)
                ? Collections.nCopies(Limit.MAX_ROWS_PER_BATCH.intValue() + 1 + dice.below(10), any(dice))
                : List.of(any(dice).toBuilder()
                        .setVcpu((int) dice.above32(Limit.MAX_VCPUS_PER_DOMAIN.value() - 1))
                        .build());
    }

    static IoreqKey any(Dice dice) {
        return IoreqKey.newBuilder()
                .setVcpu(dice.below(8))
                .setVcpuEpoch(dice.pick(0L, 1L, -1L, dice.anyLong()))
                .setSequence(dice.pick(0L, 1L, -1L, dice.anyLong()))
                .setPart(dice.below(3))
                .build();
    }
}

package io.trapline.node.shard;

import io.trapline.model.Errno;
import io.trapline.model.Pure;

/** Gives rows of lanes their outcome, which the lane remembers and the guest is told (A4). */
@Pure
final class LaneOutcomes {
    private final ShardEffects effects;

    LaneOutcomes(ShardEffects effects) {
        this.effects = effects;
    }

    /** One that had no effect is not remembered: the same number may come again (A5). */
    void done(VcpuLane lane, int place, long value, byte errno) {
        if (errno == Errno.EAGAIN.number()) {
            effects.answered(lane.vcpu, lane.epoch, lane.sequence[place], 0, errno);
            lane.forget(place);
            return;
        }
        lane.state[place] = VcpuLane.DONE;
        lane.value[place] = value;
        lane.errno[place] = errno;
        effects.answered(lane.vcpu, lane.epoch, lane.sequence[place], value, errno);
    }
}

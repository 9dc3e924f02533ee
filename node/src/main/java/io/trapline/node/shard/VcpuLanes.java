package io.trapline.node.shard;

import io.trapline.model.Pure;
import io.trapline.node.protocol.VcpuOpening;
import io.trapline.node.replica.StateImage;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The lanes of a shard by vCPU, made when a vCPU first comes here, and the epochs below which a vCPU is fenced (A6). */
@Pure
final class VcpuLanes {
    private final List<VcpuLane> all = new ArrayList<>();
    private @Nullable VcpuLane[] byVcpu = new VcpuLane[4];
    private long[] fencedBelow = new long[4];

    /** Every lane; not to be changed while it is gone through. */
    List<VcpuLane> all() {
        return all;
    }

    /** The lane of the vCPU, whatever its epoch, or null. */
    @Nullable
    VcpuLane known(int vcpu) {
        return vcpu < byVcpu.length ? byVcpu[vcpu] : null;
    }

    /** The lane of the vCPU under that epoch; null when that epoch is fenced. */
    @Nullable
    VcpuLane lane(int vcpu, long epoch, int window) {
        VcpuLane lane = known(vcpu);
        if (lane != null && lane.epoch == epoch && lane.window == window) {
            return lane;
        }
        if (isFenced(vcpu, epoch)) {
            return null;
        }
        if (lane != null && lane.epoch > epoch) {
            return null;
        }
        return put(new VcpuLane(vcpu, epoch, window, lane == null ? new PostedRows() : lane.posted));
    }

    /** Whether the vCPU was opened anew since that epoch. */
    boolean isFenced(int vcpu, long epoch) {
        return vcpu < fencedBelow.length && epoch < fencedBelow[vcpu];
    }

    /** Lets go what is there under older epochs, but for posted writes: the guest was told that they are done (F3). */
    void fence(VcpuOpening opening) {
        int vcpu = opening.vcpu();
        if (vcpu >= fencedBelow.length) {
            fencedBelow = Arrays.copyOf(fencedBelow, Math.max(vcpu + 1, 2 * fencedBelow.length));
        }
        fencedBelow[vcpu] = Math.max(fencedBelow[vcpu], opening.epoch());
        VcpuLane lane = known(vcpu);
        if (lane != null && lane.epoch < opening.epoch()) {
            put(new VcpuLane(vcpu, opening.epoch(), 1, lane.posted));
        }
    }

    private VcpuLane put(VcpuLane lane) {
        if (lane.vcpu >= byVcpu.length) {
            byVcpu = Arrays.copyOf(byVcpu, Math.max(lane.vcpu + 1, 2 * byVcpu.length));
        }
        VcpuLane before = byVcpu[lane.vcpu];
        if (before != null) {
            all.remove(before);
        }
        byVcpu[lane.vcpu] = lane;
        all.add(lane);
        return lane;
    }

    /** All that a fresh copy has to have of it, both ways (D-24). */
    void image(StateImage image) {
        fencedBelow = image.of(fencedBelow);
        List<VcpuLane> lanes = new ArrayList<>(all);
        image.each(lanes, lane -> lane.image(image), () -> VcpuLane.ofImage(image));
        if (image.isRead()) {
            lanes.forEach(this::put);
        }
    }
}

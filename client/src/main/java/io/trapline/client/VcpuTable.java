package io.trapline.client;

import io.trapline.model.Limit;
import io.trapline.model.Refusal;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** The vCPUs that a guest runs, by number. With the guest's lock held. */
final class VcpuTable {
    private final @Nullable Vcpu[] vcpus = new Vcpu[Limit.MAX_VCPUS_PER_DOMAIN.intValue()];

    /** Who has that number, 0 … 4095; null = nobody. */
    @Nullable
    Vcpu get(int number) {
        return number >= 0 && number < vcpus.length ? vcpus[number] : null;
    }

    boolean holds(Vcpu vcpu) {
        return vcpu.equals(vcpus[vcpu.number()]);
    }

    boolean isAnyOpening() {
        for (Vcpu vcpu : vcpus) {
            if (vcpu != null && vcpu.isOpening()) {
                return true;
            }
        }
        return false;
    }

    void put(Vcpu vcpu) {
        vcpus[vcpu.number()] = vcpu;
    }

    void forEach(Consumer<Vcpu> action) {
        for (Vcpu vcpu : vcpus) {
            if (vcpu != null) {
                action.accept(vcpu);
            }
        }
    }

    /** The vCPU is no longer run here. */
    void finish(Vcpu vcpu, Refusal reason, Outcomes outcomes) {
        vcpu.finish(reason, outcomes);
        if (holds(vcpu)) {
            vcpus[vcpu.number()] = null;
        }
    }

    void finishAll(Refusal reason, Outcomes outcomes) {
        forEach(vcpu -> finish(vcpu, reason, outcomes));
    }
}

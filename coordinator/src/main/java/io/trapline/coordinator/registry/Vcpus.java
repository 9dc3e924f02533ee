package io.trapline.coordinator.registry;

import com.google.protobuf.ByteString;
import io.trapline.internal.v1.Answer;
import io.trapline.internal.v1.ExecuteResponse;
import io.trapline.internal.v1.MoveVcpu;
import io.trapline.internal.v1.OpenVcpuStream;
import io.trapline.internal.v1.VcpuRecord;
import io.trapline.model.Errno;
import io.trapline.model.Pure;
import io.trapline.model.Refusal;
import java.util.Optional;

/** Who runs a vCPU and from where: an opening fences the one before by its greater epoch (A6); its guest may go on at another node under the same epoch. */
@Pure
final class Vcpus {
    private final State state;
    private final Existence existence;
    private final NodeDrains drains;

    Vcpus(State state, Existence existence, NodeDrains drains) {
        this.state = state;
        this.existence = existence;
        this.drains = drains;
    }

    /** Opens a vCPU anew (A6). */
    Answer open(OpenVcpuStream q) {
        return existence
                .workingDomain(q.getDomid(), q.getDomainGeneration())
                .or(() -> lacking(q.getDomid(), q.getVcpu()))
                .or(() -> drains.mayNotArrive(q.getNode()))
                .map(Answers::refused)
                .orElseGet(() -> {
                    long revision = state.begin();
                    state.putVcpu(VcpuRecord.newBuilder()
                            .setDomid(q.getDomid())
                            .setVcpu(q.getVcpu())
                            .setEpoch(revision)
                            .setNode(q.getNode())
                            .setToken(q.getToken())
                            .setWindow(q.getWindow())
                            .setGatewayRevision(revision)
                            .build());
                    return Answers.done(revision)
                            .setExecute(executed(revision, q.getDomid()))
                            .build();
                });
    }

    /** The guest goes on at another node; nobody waits for the others to hear of it, since the epoch is the same. */
    Answer move(MoveVcpu q) {
        return existence
                .workingDomain(q.getDomid(), q.getDomainGeneration())
                .or(() -> lacking(q.getDomid(), q.getVcpu()))
                .or(() -> notItsOwn(q))
                .or(() -> drains.mayNotArrive(q.getNode()))
                .map(Answers::refused)
                .orElseGet(() -> {
                    VcpuRecord open = vcpu(q);
                    long revision = state.begin();
                    state.putVcpu(open.toBuilder()
                            .setNode(q.getNode())
                            .setGatewayRevision(revision)
                            .build());
                    return Answer.newBuilder()
                            .setExecute(executed(revision, q.getDomid())
                                    .setVcpuEpoch(open.getEpoch())
                                    .setWindow(open.getWindow()))
                            .build();
                });
    }

    private VcpuRecord vcpu(MoveVcpu q) {
        return state.vcpus.getOrDefault(State.vcpuKey(q.getDomid(), q.getVcpu()), VcpuRecord.getDefaultInstance());
    }

    private Optional<Refusal> notItsOwn(MoveVcpu q) {
        ByteString token = vcpu(q).getToken();
        return !token.isEmpty() && token.equals(q.getToken())
                ? Optional.empty()
                : Optional.of(
                        Refusal.of(Errno.ESTALE, "vcpu = " + q.getVcpu() + ": opened by somebody else since, or closed")
                                .with("domid", q.getDomid())
                                .with("vcpu", q.getVcpu()));
    }

    private Optional<Refusal> lacking(int domid, int asked) {
        int vcpus = state.domain(domid).getDomain().getNrVcpus();
        long vcpu = Integer.toUnsignedLong(asked);
        return vcpu < vcpus
                ? Optional.empty()
                : Optional.of(Refusal.of(Errno.EINVAL, "vcpu = " + vcpu + ": domain " + domid + " has " + vcpus)
                        .with("field", "vcpu")
                        .with("value", vcpu)
                        .with("limit", vcpus - 1)
                        .with("domid", domid));
    }

    private ExecuteResponse.Builder executed(long revision, int domid) {
        return ExecuteResponse.newBuilder()
                .setRevision(revision)
                .setDomainGeneration(state.domain(domid).getDomain().getGeneration());
    }
}

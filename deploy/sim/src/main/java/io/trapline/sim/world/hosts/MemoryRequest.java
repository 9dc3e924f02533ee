package io.trapline.sim.world.hosts;

import com.google.protobuf.ByteString;
import io.trapline.model.Refusal;
import io.trapline.model.TypeRun;
import io.trapline.sim.world.copies.MemoryService;
import io.trapline.sim.world.part.Layout;
import io.trapline.v1.MemTypeRun;
import io.trapline.v1.RequestId;
import io.trapline.v1.SetMemTypeRequest;
import io.trapline.v1.WriteMemoryRequest;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Consumer;
import java.util.stream.Collectors;

/** What a memory or type call asks for. */
sealed interface MemoryRequest {
    /** The shards that it touches. */
    Set<Integer> shards();

    /** Asks a node for it. */
    void ask(MemoryService node, Optional<RequestId> id, Consumer<Optional<Refusal>> reply);

    /** All runs change, of one frame each, or none (T6). */
    record Types(List<TypeRun> runs) implements MemoryRequest {
        @Override
        public Set<Integer> shards() {
            return runs.stream()
                    .map(run -> Layout.MAP.shardOf(run.firstGfn()))
                    .collect(Collectors.toCollection(TreeSet::new));
        }

        @Override
        public void ask(MemoryService node, Optional<RequestId> id, Consumer<Optional<Refusal>> reply) {
            SetMemTypeRequest.Builder request =
                    SetMemTypeRequest.newBuilder().setDomid(Layout.DOMID).setDomainGeneration(node.generation());
            id.ifPresent(request::setRequestId);
            runs.forEach(run -> request.addRuns(MemTypeRun.newBuilder()
                    .setFirstGfn(run.firstGfn())
                    .setCount(run.count())
                    .setTypeValue(run.type().code())));
            node.setTypes(request.build(), reply);
        }

        @Override
        public String toString() {
            return "types of " + runs;
        }
    }

    /** A value is put into words at these places, or into none (F2). */
    record Words(List<Long> gpas, long value) implements MemoryRequest {
        @Override
        public Set<Integer> shards() {
            return gpas.stream().map(Layout::shardOf).collect(Collectors.toCollection(TreeSet::new));
        }

        @Override
        public void ask(MemoryService node, Optional<RequestId> id, Consumer<Optional<Refusal>> reply) {
            ByteBuffer data = ByteBuffer.allocate(gpas.size() * Long.BYTES).order(ByteOrder.LITTLE_ENDIAN);
            WriteMemoryRequest.Builder request =
                    WriteMemoryRequest.newBuilder().setDomid(Layout.DOMID).setDomainGeneration(node.generation());
            id.ifPresent(request::setRequestId);
            for (long gpa : gpas) {
                request.addGpa(gpa).addSizeBytes(Long.BYTES);
                data.putLong(value);
            }
            node.write(request.setData(ByteString.copyFrom(data.array())).build(), reply);
        }

        @Override
        public String toString() {
            return "%x at %s"
                    .formatted(value, gpas.stream().map(Long::toHexString).toList());
        }
    }
}

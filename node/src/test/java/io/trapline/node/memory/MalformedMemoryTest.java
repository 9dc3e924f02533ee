package io.trapline.node.memory;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.google.protobuf.ByteString;
import io.grpc.StatusRuntimeException;
import io.trapline.model.Errno;
import io.trapline.model.Refusal;
import io.trapline.node.fixture.Shards;
import io.trapline.rpc.Statuses;
import io.trapline.v1.ListMemTypesRequest;
import io.trapline.v1.MemTypeRun;
import io.trapline.v1.MemoryServiceGrpc.MemoryServiceBlockingStub;
import io.trapline.v1.OnBehalfOf;
import io.trapline.v1.ReadMemoryRequest;
import io.trapline.v1.RequestId;
import io.trapline.v1.SetMemTypeRequest;
import io.trapline.v1.WriteMemoryRequest;
import java.util.EnumMap;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import org.apache.pekko.actor.testkit.typed.javadsl.ActorTestKit;
import org.junit.jupiter.api.Test;

/** Random requests, most of them wrong: an outcome of section E each time, and nothing is held afterwards. */
final class MalformedMemoryTest {
    private static final int CALLS = 40_000;
    private static final long[] NUMBERS = {
        0,
        1,
        2,
        5,
        7,
        8,
        40,
        511,
        512,
        1023,
        1536,
        4095,
        4096,
        4097,
        1 << 20,
        (1 << 21) - 1,
        3 << 21,
        1L << 28,
        1L << 31,
        1L << 32,
        (1L << 40) - 1,
        1L << 40,
        (1L << 52) - 1,
        1L << 52,
        Long.MAX_VALUE,
        Long.MIN_VALUE,
        -1
    };

    private final Random random = new Random(11);

    @Test
    void everyCallHasAnOutcome() throws Exception {
        // E
        ActorTestKit kit = ActorTestKit.create();
        try (MemoryFixture fixture = new MemoryFixture(kit, Shards.small(kit, 3))) {
            Map<Errno, Integer> refused = new EnumMap<>(Errno.class);
            int done = 0;
            MemoryServiceBlockingStub[] clients = {fixture.as(MemoryFixture.MEDIATOR), fixture.as("somebody")};
            for (int i = 0; i < CALLS; i++) {
                if (i % 1000 == 0) {
                    fixture.gate = random.nextBoolean()
                            ? Optional.empty()
                            : Optional.of(Refusal.of(Errno.ESTALE, "a newer session is active"));
                }
                try {
                    call(clients[random.nextInt(2)]);
                    done++;
                } catch (StatusRuntimeException refusal) {
                    Refusal why = Statuses.fromThrowable(refusal).orElseThrow(() -> refusal);
                    refused.merge(why.errno(), 1, Integer::sum);
                }
                fixture.gated.clear();
            }
            // The last one is counted off when its answer has left.
            await().until(() -> fixture.service.bytesUnderWay() == 0);
            assertThat(done).isPositive();
            assertThat(refused)
                    .containsOnlyKeys(
                            Errno.EPERM,
                            Errno.ENOENT,
                            Errno.ESRCH,
                            Errno.EIO,
                            Errno.EAGAIN,
                            Errno.EINVAL,
                            Errno.ESTALE);
        } finally {
            kit.shutdownTestKit();
        }
    }

    private void call(MemoryServiceBlockingStub client) {
        switch (random.nextInt(4)) {
            case 0 -> client.readMemory(read());
            case 1 -> client.writeMemory(write());
            case 2 -> client.setMemType(setMemType());
            default ->
                client.listMemTypes(ListMemTypesRequest.newBuilder()
                        .setDomid(domid())
                        .setFirstGfn(number())
                        .setCount(number())
                        .setMaxRuns((int) number())
                        .build());
        }
    }

    private ReadMemoryRequest read() {
        ReadMemoryRequest.Builder request = ReadMemoryRequest.newBuilder().setDomid(domid());
        for (int i = random.nextInt(4); i > 0; i--) {
            request.addGpa(number()).addSizeBytes((int) number());
        }
        if (random.nextInt(10) == 0) {
            request.addGpa(number());
        }
        if (random.nextInt(3) == 0) {
            request.setOnBehalfOf(behalf());
        }
        return request.build();
    }

    private WriteMemoryRequest write() {
        WriteMemoryRequest.Builder request = WriteMemoryRequest.newBuilder().setDomid(domid());
        int bytes = 0;
        for (int i = random.nextInt(4); i > 0; i--) {
            int size = random.nextInt(40);
            bytes += size;
            request.addGpa(number()).addSizeBytes(random.nextInt(10) == 0 ? (int) number() : size);
        }
        request.setData(ByteString.copyFrom(new byte[random.nextInt(10) == 0 ? random.nextInt(50) : bytes]));
        if (random.nextInt(3) == 0) {
            request.setOnBehalfOf(behalf());
        }
        if (random.nextInt(3) == 0) {
            request.setRequestId(requestId()).setDomainGeneration(random.nextInt(10) == 0 ? 0 : MemoryFixture.DOM_GEN);
        }
        return request.build();
    }

    private SetMemTypeRequest setMemType() {
        SetMemTypeRequest.Builder request = SetMemTypeRequest.newBuilder().setDomid(domid());
        for (int i = random.nextInt(4); i > 0; i--) {
            request.addRuns(MemTypeRun.newBuilder()
                    .setFirstGfn(number())
                    .setCount(number())
                    .setTypeValue(random.nextInt(10) == 0 ? (int) number() : 1 + random.nextInt(31)));
        }
        if (random.nextInt(3) == 0) {
            request.setOnBehalfOf(behalf());
        }
        if (random.nextInt(3) == 0) {
            request.setRequestId(requestId()).setDomainGeneration(random.nextInt(10) == 0 ? 0 : MemoryFixture.DOM_GEN);
        }
        return request.build();
    }

    private OnBehalfOf behalf() {
        OnBehalfOf.Builder behalf = OnBehalfOf.newBuilder()
                .setId(random.nextInt(2) == 0 ? MemoryFixture.SERVER : (int) number())
                .setGeneration(random.nextInt(2) == 0 ? 0 : number())
                .setSessionEpoch(number());
        for (int i = random.nextInt(3); i > 0; i--) {
            behalf.addServingBuilder()
                    .setVcpu((int) number())
                    .setSequence(number())
                    .setPart((int) number());
        }
        return behalf.build();
    }

    private RequestId requestId() {
        return RequestId.newBuilder()
                .setSession(random.nextInt(2) == 0 ? MemoryFixture.SESSION : number())
                .setNumber(number())
                .setAcknowledgedThrough(random.nextInt(2) == 0 ? 0 : number())
                .build();
    }

    private int domid() {
        return random.nextInt(4) == 0 ? (int) number() : MemoryFixture.DOM;
    }

    private long number() {
        return random.nextInt(3) == 0 ? random.nextInt(4096) : NUMBERS[random.nextInt(NUMBERS.length)];
    }
}

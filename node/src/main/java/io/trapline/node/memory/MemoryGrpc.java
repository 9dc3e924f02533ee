package io.trapline.node.memory;

import com.google.protobuf.UnsafeByteOperations;
import io.grpc.stub.StreamObserver;
import io.trapline.model.Limit;
import io.trapline.model.Refusal;
import io.trapline.model.TypeRun;
import io.trapline.node.p2m.ShardMap;
import io.trapline.node.protocol.RequestName;
import io.trapline.node.registry.ClientSessions;
import io.trapline.node.registry.DomainCalls;
import io.trapline.node.registry.DomainHandle;
import io.trapline.node.registry.NodeDirectory;
import io.trapline.node.rows.Segments;
import io.trapline.node.types.TypeListing;
import io.trapline.node.types.TypeRequest;
import io.trapline.rpc.Principals;
import io.trapline.v1.ListMemTypesRequest;
import io.trapline.v1.ListMemTypesResponse;
import io.trapline.v1.MemTypeRun;
import io.trapline.v1.MemoryServiceGrpc;
import io.trapline.v1.OnBehalfOf;
import io.trapline.v1.ReadMemoryRequest;
import io.trapline.v1.ReadMemoryResponse;
import io.trapline.v1.RequestId;
import io.trapline.v1.SetMemTypeRequest;
import io.trapline.v1.SetMemTypeResponse;
import io.trapline.v1.WriteMemoryRequest;
import io.trapline.v1.WriteMemoryResponse;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.LongSupplier;
import java.util.function.ToIntFunction;

/**
 * The service that reads and writes pages themselves and changes their types (F2, T6). Checks what the caller said and whom it names, then tells the
 * domain's actors; never blocks.
 */
public final class MemoryGrpc extends MemoryServiceGrpc.MemoryServiceImplBase {
    private static final int BYTES_PER_SEGMENT = 24;
    private static final int BYTES_PER_RUN = 64;
    private static final byte[] NOTHING = {};

    private final NodeDirectory directory;
    private final ClientSessions sessions;
    private final CallBudget budget = new CallBudget(Limit.MAX_CALL_BYTES_IN_FLIGHT.value());

    /** Of a node that serves these domains to these client sessions. */
    public MemoryGrpc(NodeDirectory directory, ClientSessions sessions) {
        this.directory = directory;
        this.sessions = sessions;
    }

    /** What calls under way hold; 0 when there are none. */
    long bytesUnderWay() {
        return budget.usedBytes();
    }

    @Override
    public void readMemory(ReadMemoryRequest request, StreamObserver<ReadMemoryResponse> client) {
        Answer<ReadMemoryResponse> answer = new Answer<>(client);
        Optional<Refusal> malformed = RequestShape.check(request);
        if (malformed.isPresent()) {
            answer.refuse(malformed.get());
            return;
        }
        int[] sizes = new int[request.getSizeBytesCount()];
        long[] gpa = new long[sizes.length];
        int[] offsets = new int[sizes.length];
        int bytes = 0;
        for (int i = 0; i < sizes.length; i++) {
            gpa[i] = request.getGpa(i);
            sizes[i] = request.getSizeBytes(i);
            offsets[i] = bytes;
            bytes += sizes[i];
        }
        long cost = bytes + (long) sizes.length * BYTES_PER_SEGMENT;
        Optional<Refusal> noRoom = budget.take(cost);
        if (noRoom.isPresent()) {
            answer.refuse(noRoom.get());
            return;
        }
        // What was read is held until the client has taken it.
        answer.onReleased(() -> budget.giveBack(cost));
        switch (target(
                request.getDomid(),
                request.getDomainGeneration(),
                request.hasOnBehalfOf() ? Optional.of(request.getOnBehalfOf()) : Optional.empty())) {
            case Target.Lookup.Refused(Refusal refusal, var domain) -> answer.refuse(refusal);
            case Target.Lookup.Found(Target target) -> {
                Segments segments = new Segments(gpa, sizes, offsets, NOTHING);
                MemoryCalls.read(target, segments, bytes, (refusal, data) -> answer.end(refusal, () -> response(data)));
            }
        }
    }

    private static ReadMemoryResponse response(byte[] data) {
        return ReadMemoryResponse.newBuilder()
                .setData(UnsafeByteOperations.unsafeWrap(data))
                .build();
    }

    @Override
    public void writeMemory(WriteMemoryRequest request, StreamObserver<WriteMemoryResponse> client) {
        Answer<WriteMemoryResponse> answer = new Answer<>(client);
        Optional<Refusal> malformed = RequestShape.check(request);
        if (malformed.isPresent()) {
            answer.refuse(malformed.get());
            return;
        }
        Change change = new Change(
                request.hasRequestId() ? Optional.of(request.getRequestId()) : Optional.empty(),
                () -> Fingerprint.of(request),
                request.getData().size() + (long) request.getGpaCount() * BYTES_PER_SEGMENT,
                request.getDomid(),
                request.getDomainGeneration(),
                request.hasOnBehalfOf() ? Optional.of(request.getOnBehalfOf()) : Optional.empty(),
                map -> MemoryCalls.lowest(segments(request), map),
                (target, name, done) -> MemoryCalls.write(target, segments(request), name, done));
        carryOut(change, refusal -> answer.end(refusal, WriteMemoryResponse::getDefaultInstance));
    }

    @Override
    public void setMemType(SetMemTypeRequest request, StreamObserver<SetMemTypeResponse> client) {
        Answer<SetMemTypeResponse> answer = new Answer<>(client);
        Optional<Refusal> malformed = RequestShape.check(request);
        if (malformed.isPresent()) {
            answer.refuse(malformed.get());
            return;
        }
        Change change = new Change(
                request.hasRequestId() ? Optional.of(request.getRequestId()) : Optional.empty(),
                () -> Fingerprint.of(request),
                (long) request.getRunsCount() * BYTES_PER_RUN,
                request.getDomid(),
                request.getDomainGeneration(),
                request.hasOnBehalfOf() ? Optional.of(request.getOnBehalfOf()) : Optional.empty(),
                map -> MemoryCalls.lowest(TypeRequest.runs(request.getRunsList()), map),
                (target, name, done) ->
                        MemoryCalls.setTypes(target, TypeRequest.runs(request.getRunsList()), name, done));
        carryOut(change, refusal -> answer.end(refusal, SetMemTypeResponse::getDefaultInstance));
    }

    /** Carries a change out, unless it was under its request id, and says what came of it. */
    @FunctionalInterface
    private interface Work {
        void begin(Target target, Optional<RequestName> request, Consumer<Optional<Refusal>> done);
    }

    /**
     * A call that changes something: what it names, and how many bytes it holds.
     *
     * @param content a fingerprint of the request without its id
     * @param lowest the lowest shard that it touches, which keeps its first answer
     */
    private record Change(
            Optional<RequestId> requestId,
            LongSupplier content,
            long cost,
            int domid,
            long generation,
            Optional<OnBehalfOf> behalf,
            ToIntFunction<ShardMap> lowest,
            Work work) {}

    /** Carries a change out; {@code answer} is given what came of it, the first time where it is made under a request id. */
    private void carryOut(Change change, Consumer<Optional<Refusal>> answer) {
        Optional<Refusal> closed =
                directory.checkServing().or(() -> change.requestId().flatMap(sessions::begin));
        if (closed.isPresent()) {
            answer.accept(closed);
            return;
        }
        Optional<Refusal> noRoom = budget.take(change.cost());
        if (noRoom.isPresent()) {
            answer.accept(noRoom);
            return;
        }
        Consumer<Optional<Refusal>> done = refusal -> {
            budget.giveBack(change.cost());
            answer.accept(refusal);
        };
        Optional<RequestName> request = change.requestId()
                .map(id -> new RequestName(
                        id.getSession(),
                        id.getNumber(),
                        sessions.acknowledgedBefore(id),
                        change.content().getAsLong()));
        switch (target(change.domid(), change.generation(), change.behalf())) {
            case Target.Lookup.Refused(Refusal refusal, Optional<DomainHandle> domain) -> {
                if (domain.isPresent() && request.isPresent()) {
                    int lowest = change.lowest().applyAsInt(domain.get().shardMap());
                    MemoryCalls.settle(domain.get(), lowest, request.get(), Optional.of(refusal), done);
                } else {
                    done.accept(Optional.of(refusal));
                }
            }
            case Target.Lookup.Found(Target target) -> change.work().begin(target, request, done);
        }
    }

    private static Segments segments(WriteMemoryRequest request) {
        RequestBytes bytes = RequestBytes.of(request.getData());
        int[] sizes = new int[request.getSizeBytesCount()];
        long[] gpa = new long[sizes.length];
        int[] offsets = new int[sizes.length];
        int offset = bytes.offset();
        for (int i = 0; i < sizes.length; i++) {
            gpa[i] = request.getGpa(i);
            sizes[i] = request.getSizeBytes(i);
            offsets[i] = offset;
            offset += sizes[i];
        }
        return new Segments(gpa, sizes, offsets, bytes.array());
    }

    @Override
    public void listMemTypes(ListMemTypesRequest request, StreamObserver<ListMemTypesResponse> client) {
        Answer<ListMemTypesResponse> answer = new Answer<>(client);
        Optional<Refusal> malformed = TypeRequest.check(request);
        if (malformed.isPresent()) {
            answer.refuse(malformed.get());
            return;
        }
        int maxRuns = TypeRequest.maxRuns(request);
        long cost = (long) maxRuns * BYTES_PER_RUN;
        Optional<Refusal> noRoom = budget.take(cost);
        if (noRoom.isPresent()) {
            answer.refuse(noRoom.get());
            return;
        }
        answer.onReleased(() -> budget.giveBack(cost));
        switch (directory.find(request.getDomid(), request.getDomainGeneration())) {
            case NodeDirectory.Lookup.Refused(Refusal refusal) -> answer.refuse(refusal);
            case NodeDirectory.Lookup.Found(DomainHandle domain) -> list(request, maxRuns, domain, answer);
        }
    }

    private static void list(
            ListMemTypesRequest request, int maxRuns, DomainHandle domain, Answer<ListMemTypesResponse> answer) {
        ListMemTypesResponse.Builder response = ListMemTypesResponse.newBuilder();
        DomainCalls.Call call = domain.calls().begin(refusal -> answer.end(refusal, response::build));
        if (call.hasEnded()) {
            return;
        }
        TypeListing.begin(
                call, domain.shardMap(), domain.shards(), request.getFirstGfn(), request.getCount(), maxRuns, page -> {
                    for (TypeRun run : page.runs()) {
                        response.addRuns(MemTypeRun.newBuilder()
                                .setFirstGfn(run.firstGfn())
                                .setCount(run.count())
                                .setTypeValue(run.type().code()));
                    }
                    response.setNextGfn(page.nextGfn());
                    call.answer(Optional.empty());
                });
    }

    private Target.Lookup target(int domid, long generation, Optional<OnBehalfOf> behalf) {
        return Target.find(directory, domid, generation, behalf, Principals.current());
    }
}

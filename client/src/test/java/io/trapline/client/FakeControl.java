package io.trapline.client;

import com.google.protobuf.ByteString;
import io.grpc.Status;
import io.grpc.stub.StreamObserver;
import io.trapline.model.Errno;
import io.trapline.model.Refusal;
import io.trapline.rpc.Principals;
import io.trapline.rpc.Statuses;
import io.trapline.v1.Claim;
import io.trapline.v1.CloseSessionRequest;
import io.trapline.v1.CloseSessionResponse;
import io.trapline.v1.CreateDomainRequest;
import io.trapline.v1.CreateDomainResponse;
import io.trapline.v1.CreateIoreqServerRequest;
import io.trapline.v1.CreateIoreqServerResponse;
import io.trapline.v1.DescribeDomainRequest;
import io.trapline.v1.DescribeDomainResponse;
import io.trapline.v1.DestroyIoreqServerRequest;
import io.trapline.v1.DestroyIoreqServerResponse;
import io.trapline.v1.Domain;
import io.trapline.v1.DomainServiceGrpc;
import io.trapline.v1.GetIoreqServerInfoRequest;
import io.trapline.v1.GetIoreqServerInfoResponse;
import io.trapline.v1.IoreqServer;
import io.trapline.v1.IoreqServerServiceGrpc;
import io.trapline.v1.ListDomainsRequest;
import io.trapline.v1.ListDomainsResponse;
import io.trapline.v1.MapMemTypeRequest;
import io.trapline.v1.MapMemTypeResponse;
import io.trapline.v1.MemoryServiceGrpc;
import io.trapline.v1.OnBehalfOf;
import io.trapline.v1.OpenSessionRequest;
import io.trapline.v1.OpenSessionResponse;
import io.trapline.v1.ReadMemoryRequest;
import io.trapline.v1.ReadMemoryResponse;
import io.trapline.v1.RenewSessionRequest;
import io.trapline.v1.RenewSessionResponse;
import io.trapline.v1.RequestId;
import io.trapline.v1.SessionServiceGrpc;
import io.trapline.v1.SetIoreqServerStateRequest;
import io.trapline.v1.SetIoreqServerStateResponse;
import io.trapline.v1.SetMemTypeRequest;
import io.trapline.v1.SetMemTypeResponse;
import io.trapline.v1.WatchClaimsRequest;
import io.trapline.v1.WatchClaimsResponse;
import io.trapline.v1.WriteMemoryRequest;
import io.trapline.v1.WriteMemoryResponse;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Supplier;

/** The unary services: they answer a request id once, and fail as a test has asked. Everything is guarded by the monitor of this object. */
final class FakeControl {
    /** What becomes of the next call. */
    enum Fate {
        /** It is carried out and answered. */
        DONE,
        /** It is carried out, and the connection is lost before the answer. */
        LOST_AFTER,
        /** The connection is lost before it is carried out. */
        LOST_BEFORE,
        /** EAGAIN. */
        AGAIN,
        /** It is carried out, and EAGAIN, since a shard goes on elsewhere. */
        MOVED_AFTER,
        /** EINVAL. */
        REFUSED,
        /** ESRCH. */
        DOMAIN_GONE,
        /** INTERNAL, without a reason. */
        BROKEN,
        /** The session has ended. */
        SESSION_ENDED
    }

    private final ArrayDeque<Fate> fates = new ArrayDeque<>();
    private final Map<String, Object> answers = new HashMap<>();
    private final Set<Long> sessionsOpen = new HashSet<>();
    private final List<RequestId> requestIds = new ArrayList<>();
    private final List<String> principals = new ArrayList<>();
    private final List<Domain> created = new ArrayList<>();
    private final List<OnBehalfOf> onBehalfOf = new ArrayList<>();
    private final Map<Long, Byte> bytes = new HashMap<>();
    private final List<StreamObserver<WatchClaimsResponse>> watches = new ArrayList<>();
    private long nextSession = 900;
    private int renewals;
    private int staleMemoryCalls;
    private long revision = 2000;
    private final List<Long> generations = new ArrayList<>();
    private long lastGeneration = 76;

    synchronized void next(Fate... fatesOfCalls) {
        fates.addAll(List.of(fatesOfCalls));
    }

    synchronized List<RequestId> requestIds() {
        return List.copyOf(requestIds);
    }

    /** Of which domains types were to change, by their generations. */
    synchronized List<Long> generations() {
        return List.copyOf(generations);
    }

    synchronized Set<Long> sessionsOpen() {
        return Set.copyOf(sessionsOpen);
    }

    synchronized int renewals() {
        return renewals;
    }

    synchronized List<Domain> created() {
        return List.copyOf(created);
    }

    synchronized List<String> principals() {
        return List.copyOf(principals);
    }

    synchronized List<OnBehalfOf> onBehalfOf() {
        return List.copyOf(onBehalfOf);
    }

    /** The next calls on behalf of a server are ESTALE. */
    synchronized void staleMemoryCalls(int count) {
        staleMemoryCalls = count;
    }

    synchronized List<StreamObserver<WatchClaimsResponse>> watches() {
        return List.copyOf(watches);
    }

    synchronized byte byteAt(long gpa) {
        return bytes.getOrDefault(gpa, (byte) 0);
    }

    /** Carries a change out once per request id, with the fate that is next. */
    private synchronized <R> void change(RequestId id, StreamObserver<R> to, Supplier<R> work) {
        requestIds.add(id);
        principals.add(Principals.current());
        Fate fate = fates.isEmpty() ? Fate.DONE : fates.remove();
        switch (fate) {
            case DONE -> {
                R answer = once(id, work);
                to.onNext(answer);
                to.onCompleted();
            }
            case LOST_AFTER -> {
                once(id, work);
                to.onError(Status.UNAVAILABLE.withDescription("cut").asRuntimeException());
            }
            case LOST_BEFORE ->
                to.onError(Status.UNAVAILABLE.withDescription("cut").asRuntimeException());
            case AGAIN -> to.onError(Statuses.toException(Refusal.of(Errno.EAGAIN, "leaderless")));
            case MOVED_AFTER -> {
                once(id, work);
                to.onError(Statuses.toException(
                        Refusal.of(Errno.EAGAIN, "a shard goes on elsewhere").with("effect", "unknown")));
            }
            case REFUSED -> to.onError(Statuses.toException(Refusal.invalid("runs[0]", 16, "has that type")));
            case DOMAIN_GONE -> to.onError(Statuses.toException(Refusal.noDomain(5)));
            case BROKEN -> to.onError(Status.INTERNAL.asRuntimeException());
            case SESSION_ENDED ->
                to.onError(Statuses.toException(
                        Refusal.of(Errno.ESTALE, "request_id.session: ended").with("field", "request_id.session")));
        }
    }

    @SuppressWarnings("unchecked")
    private <R> R once(RequestId id, Supplier<R> work) {
        return (R) answers.computeIfAbsent(id.getSession() + "/" + id.getNumber(), any -> work.get());
    }

    final SessionServiceGrpc.SessionServiceImplBase sessions = new SessionServiceGrpc.SessionServiceImplBase() {
        @Override
        public void openSession(OpenSessionRequest request, StreamObserver<OpenSessionResponse> to) {
            synchronized (FakeControl.this) {
                sessionsOpen.add(++nextSession);
                to.onNext(OpenSessionResponse.newBuilder()
                        .setSession(nextSession)
                        .setRenewEveryMs(30)
                        .build());
            }
            to.onCompleted();
        }

        @Override
        public void renewSession(RenewSessionRequest request, StreamObserver<RenewSessionResponse> to) {
            synchronized (FakeControl.this) {
                renewals++;
            }
            to.onNext(RenewSessionResponse.getDefaultInstance());
            to.onCompleted();
        }

        @Override
        public void closeSession(CloseSessionRequest request, StreamObserver<CloseSessionResponse> to) {
            synchronized (FakeControl.this) {
                sessionsOpen.remove(request.getSession());
            }
            to.onNext(CloseSessionResponse.getDefaultInstance());
            to.onCompleted();
        }
    };

    final DomainServiceGrpc.DomainServiceImplBase domains = new DomainServiceGrpc.DomainServiceImplBase() {
        @Override
        public void createDomain(CreateDomainRequest request, StreamObserver<CreateDomainResponse> to) {
            change(request.getRequestId(), to, () -> {
                Domain domain = Domain.newBuilder()
                        .setDomid(created.size() + 1)
                        .setGeneration(77)
                        .setNrPages(request.getNrPages())
                        .setNrVcpus(request.getNrVcpus())
                        .build();
                created.add(domain);
                return CreateDomainResponse.newBuilder().setDomain(domain).build();
            });
        }

        @Override
        public void describeDomain(DescribeDomainRequest request, StreamObserver<DescribeDomainResponse> to) {
            synchronized (FakeControl.this) {
                to.onNext(DescribeDomainResponse.newBuilder()
                        .setDomain(
                                Domain.newBuilder().setDomid(request.getDomid()).setGeneration(++lastGeneration))
                        .build());
            }
            to.onCompleted();
        }

        @Override
        public void listDomains(ListDomainsRequest request, StreamObserver<ListDomainsResponse> to) {
            synchronized (FakeControl.this) {
                int from = request.getPageToken().isEmpty() ? 0 : Integer.parseInt(request.getPageToken());
                var page = ListDomainsResponse.newBuilder();
                if (from < created.size()) {
                    page.addDomains(created.get(from));
                }
                if (from + 1 < created.size()) {
                    page.setNextPageToken(String.valueOf(from + 1));
                }
                to.onNext(page.build());
            }
            to.onCompleted();
        }
    };

    final IoreqServerServiceGrpc.IoreqServerServiceImplBase servers =
            new IoreqServerServiceGrpc.IoreqServerServiceImplBase() {
                @Override
                public void createIoreqServer(
                        CreateIoreqServerRequest request, StreamObserver<CreateIoreqServerResponse> to) {
                    change(
                            request.getRequestId(),
                            to,
                            () -> CreateIoreqServerResponse.newBuilder()
                                    .setId(0)
                                    .setGeneration(88)
                                    .setDomainGeneration(77)
                                    .build());
                }

                @Override
                public void getIoreqServerInfo(
                        GetIoreqServerInfoRequest request, StreamObserver<GetIoreqServerInfoResponse> to) {
                    to.onNext(GetIoreqServerInfoResponse.newBuilder()
                            .setServer(IoreqServer.newBuilder()
                                    .setDomid(request.getDomid())
                                    .setId(request.getId())
                                    .setGeneration(88))
                            .build());
                    to.onCompleted();
                }

                @Override
                public void mapMemType(MapMemTypeRequest request, StreamObserver<MapMemTypeResponse> to) {
                    change(
                            request.getRequestId(),
                            to,
                            () -> MapMemTypeResponse.newBuilder()
                                    .setEpoch(revision)
                                    .setRevision(++revision)
                                    .build());
                }

                @Override
                public void setIoreqServerState(
                        SetIoreqServerStateRequest request, StreamObserver<SetIoreqServerStateResponse> to) {
                    change(
                            request.getRequestId(),
                            to,
                            () -> SetIoreqServerStateResponse.newBuilder()
                                    .setRevision(++revision)
                                    .build());
                }

                @Override
                public void destroyIoreqServer(
                        DestroyIoreqServerRequest request, StreamObserver<DestroyIoreqServerResponse> to) {
                    change(
                            request.getRequestId(),
                            to,
                            () -> DestroyIoreqServerResponse.newBuilder()
                                    .setRevision(++revision)
                                    .build());
                }

                @Override
                public void watchClaims(WatchClaimsRequest request, StreamObserver<WatchClaimsResponse> to) {
                    synchronized (FakeControl.this) {
                        watches.add(to);
                    }
                    to.onNext(WatchClaimsResponse.newBuilder()
                            .setRevision(1)
                            .addClaims(Claim.newBuilder().setDomid(request.getDomid()))
                            .setCaughtUp(true)
                            .build());
                }
            };

    final MemoryServiceGrpc.MemoryServiceImplBase memory = new MemoryServiceGrpc.MemoryServiceImplBase() {
        @Override
        public void readMemory(ReadMemoryRequest request, StreamObserver<ReadMemoryResponse> to) {
            synchronized (FakeControl.this) {
                onBehalfOf.add(request.getOnBehalfOf());
                ByteString.Output data = ByteString.newOutput();
                for (int i = 0; i < request.getGpaCount(); i++) {
                    for (int at = 0; at < request.getSizeBytes(i); at++) {
                        data.write(byteAt(request.getGpa(i) + at));
                    }
                }
                to.onNext(ReadMemoryResponse.newBuilder()
                        .setData(data.toByteString())
                        .build());
            }
            to.onCompleted();
        }

        @Override
        public void writeMemory(WriteMemoryRequest request, StreamObserver<WriteMemoryResponse> to) {
            synchronized (FakeControl.this) {
                onBehalfOf.add(request.getOnBehalfOf());
                if (request.hasOnBehalfOf() && staleMemoryCalls > 0) {
                    staleMemoryCalls--;
                    to.onError(Statuses.toException(Refusal.of(Errno.ESTALE, "the ioreq is not under way")));
                    return;
                }
            }
            change(request.getRequestId(), to, () -> {
                int from = 0;
                for (int i = 0; i < request.getGpaCount(); i++) {
                    for (int at = 0; at < request.getSizeBytes(i); at++) {
                        bytes.put(request.getGpa(i) + at, request.getData().byteAt(from++));
                    }
                }
                return WriteMemoryResponse.getDefaultInstance();
            });
        }

        @Override
        public void setMemType(SetMemTypeRequest request, StreamObserver<SetMemTypeResponse> to) {
            synchronized (FakeControl.this) {
                generations.add(request.getDomainGeneration());
            }
            change(request.getRequestId(), to, SetMemTypeResponse::getDefaultInstance);
        }
    };
}

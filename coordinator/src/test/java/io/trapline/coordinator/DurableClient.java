package io.trapline.coordinator;

import static org.assertj.core.api.Assertions.assertThat;

import io.grpc.ManagedChannel;
import io.grpc.Metadata;
import io.grpc.StatusRuntimeException;
import io.grpc.stub.MetadataUtils;
import io.trapline.model.Errno;
import io.trapline.model.Refusal;
import io.trapline.rpc.Principals;
import io.trapline.rpc.Statuses;
import io.trapline.v1.Claim;
import io.trapline.v1.CreateDomainRequest;
import io.trapline.v1.CreateDomainResponse;
import io.trapline.v1.CreateIoreqServerRequest;
import io.trapline.v1.CreateIoreqServerResponse;
import io.trapline.v1.DescribeDomainRequest;
import io.trapline.v1.DestroyDomainRequest;
import io.trapline.v1.DomainMemory;
import io.trapline.v1.DomainServiceGrpc;
import io.trapline.v1.DomainServiceGrpc.DomainServiceBlockingStub;
import io.trapline.v1.IoreqServer;
import io.trapline.v1.IoreqServerServiceGrpc;
import io.trapline.v1.IoreqServerServiceGrpc.IoreqServerServiceBlockingStub;
import io.trapline.v1.ListClaimHistoryRequest;
import io.trapline.v1.ListIoreqServersRequest;
import io.trapline.v1.MapMemTypeRequest;
import io.trapline.v1.MapMemTypeResponse;
import io.trapline.v1.OpenSessionRequest;
import io.trapline.v1.RequestId;
import io.trapline.v1.SessionServiceGrpc;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import java.util.function.Function;

/**
 * A client that remembers what was acknowledged to it. It has one request under way; when the connection breaks it sends the same request
 * under the same id again, and so knows exactly what the registry must hold.
 */
final class DurableClient {
    private static final int TYPES = 3;

    private final String principal;
    private final SplittableRandom random;
    private final DurabilityLedger ledger;
    private final int arena;
    private long session;
    // Read by the test while this works.
    private final AtomicInteger acknowledged = new AtomicInteger();
    private long number;
    private ManagedChannel channel;

    /** What it does now; kept until it is answered. */
    private Optional<Step> underWay = Optional.empty();

    // What must be there: its server in the arena, its claims by type, claims that ended, its own domain.
    private int server = -1;
    private long serverGeneration;
    private final Map<Integer, Long> claims = new HashMap<>();
    private final Set<Long> endedEpochs = new HashSet<>();
    private int ownDomain;
    private long ownGeneration;

    /** One request, to be sent until it is answered. */
    private record Step(Function<RequestId, Runnable> request, RequestId id) {}

    DurableClient(String principal, long seed, DurabilityLedger ledger, int arena, ManagedChannel channel) {
        this.principal = principal;
        this.random = new SplittableRandom(seed);
        this.ledger = ledger;
        this.arena = arena;
        this.channel = channel;
    }

    void connect(ManagedChannel next) {
        channel = next;
    }

    /** Works until the connection breaks. */
    void work() {
        try {
            while (true) {
                finishStep();
                underWay = Optional.of(new Step(next(), nextId()));
            }
        } catch (StatusRuntimeException lost) {
            assertThat(Statuses.fromThrowable(lost)).as("%s", lost).isEmpty();
        }
    }

    /** Sends again what was not answered. */
    void finishStep() {
        if (session == 0) {
            session = SessionServiceGrpc.newBlockingStub(channel)
                    .withDeadlineAfter(60, TimeUnit.SECONDS)
                    .openSession(OpenSessionRequest.getDefaultInstance())
                    .getSession();
        }
        if (underWay.isPresent()) {
            Runnable outcome = underWay.get().request().apply(underWay.get().id());
            outcome.run();
            underWay = Optional.empty();
            acknowledged.incrementAndGet();
        }
    }

    private RequestId nextId() {
        return RequestId.newBuilder()
                .setSession(session)
                .setNumber(++number)
                .setAcknowledgedThrough(number - 1)
                .build();
    }

    private Function<RequestId, Runnable> next() {
        if (server < 0) {
            return createServer();
        }
        int type = random.nextInt(TYPES);
        return switch (random.nextInt(10)) {
            case 0 -> ownDomain == 0 ? createDomain() : destroyDomain();
            default -> claims.containsKey(type) ? release(type) : claim(type);
        };
    }

    private Function<RequestId, Runnable> createServer() {
        var request = CreateIoreqServerRequest.newBuilder().setDomid(arena);
        return id -> {
            CreateIoreqServerResponse response =
                    servers().createIoreqServer(request.setRequestId(id).build());
            return () -> {
                server = response.getId();
                serverGeneration = response.getGeneration();
                ledger.granted(response.getGeneration());
            };
        };
    }

    private Function<RequestId, Runnable> createDomain() {
        var request = CreateDomainRequest.newBuilder()
                .setNrPages(1 + random.nextInt(1 << 20))
                .setNrVcpus(1)
                .setMemory(DomainMemory.DOMAIN_MEMORY_VOLATILE);
        return id -> {
            CreateDomainResponse response =
                    domains().createDomain(request.setRequestId(id).build());
            return () -> {
                ownDomain = response.getDomain().getDomid();
                ownGeneration = response.getDomain().getGeneration();
                ledger.granted(ownGeneration);
            };
        };
    }

    private Function<RequestId, Runnable> destroyDomain() {
        var request = DestroyDomainRequest.newBuilder().setDomid(ownDomain).setGeneration(ownGeneration);
        return id -> {
            domains().destroyDomain(request.setRequestId(id).build());
            return () -> ownDomain = 0;
        };
    }

    private Function<RequestId, Runnable> claim(int type) {
        var request = mapMemType(type, 1 + random.nextInt(3));
        return id -> {
            try {
                MapMemTypeResponse response =
                        servers().mapMemType(request.setRequestId(id).build());
                return () -> {
                    ledger.granted(response.getEpoch());
                    ledger.held(type, principal);
                    claims.put(type, response.getEpoch());
                };
            } catch (StatusRuntimeException refused) {
                assertThat(refusal(refused).errno()).isEqualTo(Errno.EBUSY);
                return () -> {};
            }
        };
    }

    private Function<RequestId, Runnable> release(int type) {
        var request = mapMemType(type, 0);
        long epoch = java.util.Objects.requireNonNull(claims.get(type));
        // From the call on it may be released; another may hold it before this one hears.
        ledger.releasing(type, principal);
        return id -> {
            MapMemTypeResponse response =
                    servers().mapMemType(request.setRequestId(id).build());
            return () -> {
                assertThat(response.getEpoch()).isEqualTo(epoch);
                ledger.granted(response.getRevision());
                claims.remove(type);
                endedEpochs.add(epoch);
            };
        };
    }

    private MapMemTypeRequest.Builder mapMemType(int type, int flags) {
        return MapMemTypeRequest.newBuilder()
                .setDomid(arena)
                .setId(server)
                .setGeneration(serverGeneration)
                .setTypeValue(16 + type)
                .setFlags(flags);
    }

    /** Whether the registry holds exactly what was acknowledged. */
    void verify(Consumer<Long> history) {
        if (server >= 0) {
            IoreqServer found = servers()
                    .listIoreqServers(
                            ListIoreqServersRequest.newBuilder().setDomid(arena).build())
                    .getServersList()
                    .stream()
                    .filter(each -> each.getId() == server)
                    .findFirst()
                    .orElseThrow();
            assertThat(found.getGeneration()).isEqualTo(serverGeneration);
            assertThat(found.getPrincipal()).isEqualTo(principal);
            Map<Integer, Long> held = new HashMap<>();
            found.getClaimsList().forEach(claim -> held.put(claim.getTypeValue() - 16, claim.getEpoch()));
            assertThat(held).isEqualTo(claims);
        }
        if (ownDomain != 0) {
            assertThat(domains()
                            .describeDomain(DescribeDomainRequest.newBuilder()
                                    .setDomid(ownDomain)
                                    .build())
                            .getDomain()
                            .getGeneration())
                    .isEqualTo(ownGeneration);
        }
        endedEpochs.forEach(history);
    }

    /** The epochs of all claims of the arena that have ended. */
    Set<Long> history() {
        Set<Long> epochs = new HashSet<>();
        String token = "";
        do {
            var page = servers()
                    .listClaimHistory(ListClaimHistoryRequest.newBuilder()
                            .setDomid(arena)
                            .setPageToken(token)
                            .build());
            page.getClaimsList().stream().map(Claim::getEpoch).forEach(epochs::add);
            token = page.getNextPageToken();
        } while (!token.isEmpty());
        return epochs;
    }

    int acknowledged() {
        return acknowledged.get();
    }

    private static Refusal refusal(StatusRuntimeException refused) {
        return Statuses.fromThrowable(refused).orElseThrow(() -> refused);
    }

    private DomainServiceBlockingStub domains() {
        return DomainServiceGrpc.newBlockingStub(channel).withDeadlineAfter(60, TimeUnit.SECONDS);
    }

    private IoreqServerServiceBlockingStub servers() {
        Metadata metadata = new Metadata();
        metadata.put(Principals.METADATA, principal);
        return IoreqServerServiceGrpc.newBlockingStub(channel)
                .withInterceptors(MetadataUtils.newAttachHeadersInterceptor(metadata))
                .withDeadlineAfter(60, TimeUnit.SECONDS);
    }
}

package io.trapline.coordinator.grpc;

import io.grpc.stub.StreamObserver;
import io.trapline.coordinator.grpc.PageTokens.MalformedException;
import io.trapline.coordinator.grpc.PageTokens.Page;
import io.trapline.coordinator.registry.Reading;
import io.trapline.coordinator.registry.RegistryView;
import io.trapline.internal.v1.Answer;
import io.trapline.internal.v1.Command;
import io.trapline.internal.v1.CreateDomain;
import io.trapline.model.Errno;
import io.trapline.model.Refusal;
import io.trapline.rpc.Principals;
import io.trapline.rpc.Statuses;
import io.trapline.v1.CheckpointRequest;
import io.trapline.v1.CheckpointResponse;
import io.trapline.v1.CreateDomainRequest;
import io.trapline.v1.CreateDomainResponse;
import io.trapline.v1.DescribeDomainRequest;
import io.trapline.v1.DescribeDomainResponse;
import io.trapline.v1.DestroyDomainRequest;
import io.trapline.v1.DestroyDomainResponse;
import io.trapline.v1.Domain;
import io.trapline.v1.DomainServiceGrpc;
import io.trapline.v1.ListDomainsRequest;
import io.trapline.v1.ListDomainsResponse;
import io.trapline.v1.ModifiedMemoryRequest;
import io.trapline.v1.ModifiedMemoryResponse;
import io.trapline.v1.PauseDomainRequest;
import io.trapline.v1.PauseDomainResponse;
import io.trapline.v1.RestoreRequest;
import io.trapline.v1.RestoreResponse;
import io.trapline.v1.TrackDirtyRequest;
import io.trapline.v1.TrackDirtyResponse;
import io.trapline.v1.UnpauseDomainRequest;
import io.trapline.v1.UnpauseDomainResponse;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;

/** The life of domains (D1, D4), as the contract serves it. */
public final class DomainGrpc extends DomainServiceGrpc.DomainServiceImplBase {
    private static final long MAX_DIRTY_PAGES = 1L << 24;
    private static final long GFNS = 1L << 40;

    private final Calls calls;

    public DomainGrpc(Calls calls) {
        this.calls = calls;
    }

    @Override
    public void createDomain(CreateDomainRequest q, StreamObserver<CreateDomainResponse> observer) {
        String principal = Principals.current();
        calls.heard(q.hasRequestId(), q.getRequestId());
        calls.begin(observer)
                .ifPresent(call -> calls.usable(
                        lives -> calls.execute(
                                call,
                                Command.newBuilder()
                                        .setPrincipal(principal)
                                        .setCreateDomain(CreateDomain.newBuilder()
                                                .setRequest(q)
                                                .addAllUsableNodes(lives)),
                                false,
                                Answer::getCreateDomain),
                        call::refuse));
    }

    @Override
    public void destroyDomain(DestroyDomainRequest q, StreamObserver<DestroyDomainResponse> observer) {
        calls.heard(q.hasRequestId(), q.getRequestId());
        calls.execute(command().setDestroyDomain(q), true, observer, Answer::getDestroyDomain);
    }

    @Override
    public void pauseDomain(PauseDomainRequest q, StreamObserver<PauseDomainResponse> observer) {
        calls.heard(q.hasRequestId(), q.getRequestId());
        calls.execute(command().setPauseDomain(q), false, observer, Answer::getPauseDomain);
    }

    @Override
    public void unpauseDomain(UnpauseDomainRequest q, StreamObserver<UnpauseDomainResponse> observer) {
        calls.heard(q.hasRequestId(), q.getRequestId());
        calls.execute(command().setUnpauseDomain(q), false, observer, Answer::getUnpauseDomain);
    }

    @Override
    public void listDomains(ListDomainsRequest q, StreamObserver<ListDomainsResponse> observer) {
        int size = PageTokens.size(q.getPageSize());
        try {
            long after = PageTokens.numbers(q.getPageToken(), 1)[0];
            calls.read(observer, view -> {
                List<Domain> domains = view.domains(PageTokens.toInt(after), size + 1);
                Page<Domain> page = Page.of(domains, size, domain -> PageTokens.token(domain.getDomid()));
                return new Reading.Found<>(ListDomainsResponse.newBuilder()
                        .addAllDomains(page.entries())
                        .setNextPageToken(page.nextToken())
                        .build());
            });
        } catch (MalformedException malformed) {
            observer.onError(Statuses.toException(malformed.refusal()));
        }
    }

    @Override
    public void describeDomain(DescribeDomainRequest q, StreamObserver<DescribeDomainResponse> observer) {
        calls.read(observer, view -> view.domain(q.getDomid(), q.getGeneration()));
    }

    @Override
    public void trackDirty(TrackDirtyRequest q, StreamObserver<TrackDirtyResponse> observer) {
        notBuilt(
                observer,
                frames(q.getFirstGfn(), q.getNr()),
                view -> view.workingDomain(q.getDomid(), q.getGeneration()),
                "dirty tracking");
    }

    @Override
    public void modifiedMemory(ModifiedMemoryRequest q, StreamObserver<ModifiedMemoryResponse> observer) {
        notBuilt(
                observer,
                frames(q.getFirstGfn(), q.getNr()),
                view -> view.workingDomain(q.getDomid(), q.getGeneration()),
                "dirty tracking");
    }

    @Override
    public void checkpoint(CheckpointRequest q, StreamObserver<CheckpointResponse> observer) {
        notBuilt(
                observer, Optional.empty(), view -> view.workingDomain(q.getDomid(), q.getGeneration()), "checkpoints");
    }

    @Override
    public StreamObserver<RestoreRequest> restore(StreamObserver<RestoreResponse> observer) {
        observer.onError(Statuses.toException(Refusal.of(Errno.EOPNOTSUPP, "checkpoints are not built yet")));
        return new StreamObserver<>() {
            @Override
            public void onNext(RestoreRequest ignored) {}

            @Override
            public void onError(Throwable ended) {}

            @Override
            public void onCompleted() {}
        };
    }

    /** Shape and existence first: what is wrong with the call stays wrong when the feature is there. */
    private <R> void notBuilt(
            StreamObserver<R> observer,
            Optional<Refusal> shape,
            Function<RegistryView, Reading<Domain>> existence,
            String feature) {
        calls.begin(observer)
                .ifPresent(call -> shape.ifPresentOrElse(
                        call::refuse,
                        () -> calls.read(
                                call,
                                existence,
                                domain -> call.refuse(Refusal.of(Errno.EOPNOTSUPP, feature + " are not built yet")
                                        .with("domid", domain.getDomid())))));
    }

    private static Optional<Refusal> frames(long firstGfn, long nr) {
        if (nr < 1 || nr > MAX_DIRTY_PAGES) {
            return Optional.of(Refusal.invalid("nr", Long.toUnsignedString(nr), "1 … " + MAX_DIRTY_PAGES)
                    .with("limit", MAX_DIRTY_PAGES));
        }
        return firstGfn >= 0 && firstGfn <= GFNS - nr
                ? Optional.empty()
                : Optional.of(Refusal.invalid(
                                "first_gfn", Long.toUnsignedString(firstGfn), "first_gfn + nr is at most " + GFNS)
                        .with("limit", GFNS - nr));
    }

    private static Command.Builder command() {
        return Command.newBuilder().setPrincipal(Principals.current());
    }
}

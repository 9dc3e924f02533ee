package io.trapline.client;

import io.trapline.v1.CreateDomainRequest;
import io.trapline.v1.DescribeDomainRequest;
import io.trapline.v1.DescribeDomainResponse;
import io.trapline.v1.DestroyDomainRequest;
import io.trapline.v1.Domain;
import io.trapline.v1.DomainMemory;
import io.trapline.v1.DomainServiceGrpc;
import io.trapline.v1.ListDomainsRequest;
import io.trapline.v1.ListDomainsResponse;
import io.trapline.v1.PauseDomainRequest;
import io.trapline.v1.UnpauseDomainRequest;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/** The life of domains (D1). Every method blocks and throws {@link TraplineException}. Thread-safe. */
public final class Domains {
    private final UnaryCalls calls;

    Domains(UnaryCalls calls) {
        this.calls = calls;
    }

    /** Creates a domain under the lowest free id. ENOSPC, EINVAL. */
    public Domain create(long nrPages, int nrVcpus, DomainMemory memory) {
        return create(CreateDomainRequest.newBuilder()
                .setNrPages(nrPages)
                .setNrVcpus(nrVcpus)
                .setMemory(memory)
                .build());
    }

    /** Creates a domain; the request id of the argument is replaced. EEXIST, ENOSPC, EINVAL. */
    public Domain create(CreateDomainRequest request) {
        return calls.change(
                        DomainServiceGrpc.getCreateDomainMethod(),
                        id -> request.toBuilder().setRequestId(id).build())
                .getDomain();
    }

    /** Destroys a domain with its servers, claims and memory; returns the revision at which it ended. ESRCH. */
    public long destroy(DomainRef domain) {
        return calls.change(
                        DomainServiceGrpc.getDestroyDomainMethod(),
                        id -> DestroyDomainRequest.newBuilder()
                                .setRequestId(id)
                                .setDomid(domain.domid().value())
                                .setGeneration(domain.generation())
                                .build(),
                        Duration.ofMillis(Drain.DEFAULT.millis()))
                .getRevision();
    }

    /** Raises the pause count and returns it; no guest access takes effect any more. ESRCH, ENOSPC. */
    public int pause(DomainRef domain) {
        return calls.change(
                        DomainServiceGrpc.getPauseDomainMethod(),
                        id -> PauseDomainRequest.newBuilder()
                                .setRequestId(id)
                                .setDomid(domain.domid().value())
                                .setGeneration(domain.generation())
                                .build())
                .getPauseCount();
    }

    /** Lowers the pause count and returns it; at 0 the domain runs. ESRCH, EINVAL where it was 0. */
    public int unpause(DomainRef domain) {
        return calls.change(
                        DomainServiceGrpc.getUnpauseDomainMethod(),
                        id -> UnpauseDomainRequest.newBuilder()
                                .setRequestId(id)
                                .setDomid(domain.domid().value())
                                .setGeneration(domain.generation())
                                .build())
                .getPauseCount();
    }

    /** All domains by ascending id. */
    public List<Domain> list() {
        List<Domain> all = new ArrayList<>();
        String page = "";
        do {
            ListDomainsResponse response = calls.ask(
                    DomainServiceGrpc.getListDomainsMethod(),
                    ListDomainsRequest.newBuilder().setPageToken(page).build());
            all.addAll(response.getDomainsList());
            page = response.getNextPageToken();
        } while (!page.isEmpty());
        return all;
    }

    /** A domain and its shards. ESRCH. */
    public DescribeDomainResponse describe(DomainRef domain) {
        return calls.ask(
                DomainServiceGrpc.getDescribeDomainMethod(),
                DescribeDomainRequest.newBuilder()
                        .setDomid(domain.domid().value())
                        .setGeneration(domain.generation())
                        .build());
    }
}

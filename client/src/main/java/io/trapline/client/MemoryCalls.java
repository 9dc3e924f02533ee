package io.trapline.client;

import io.trapline.v1.DescribeDomainRequest;
import io.trapline.v1.DomainServiceGrpc;
import io.trapline.v1.MemTypeRun;
import io.trapline.v1.MemoryServiceGrpc;
import io.trapline.v1.OnBehalfOf;
import io.trapline.v1.ReadMemoryRequest;
import io.trapline.v1.SetMemTypeRequest;
import io.trapline.v1.WriteMemoryRequest;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The memory and type calls, for an operator (no server) and for an emulator (on behalf of its server, F2). */
final class MemoryCalls {
    private MemoryCalls() {}

    static byte[] read(UnaryCalls calls, DomainRef domain, @Nullable OnBehalfOf server, ReadSegments segments) {
        var request = ReadMemoryRequest.newBuilder()
                .setDomid(domain.domid().value())
                .setDomainGeneration(domain.generation());
        if (server != null) {
            request.setOnBehalfOf(server);
        }
        segments.addTo(request);
        return calls.ask(MemoryServiceGrpc.getReadMemoryMethod(), request.build(), domain)
                .getData()
                .toByteArray();
    }

    static void write(UnaryCalls calls, DomainRef of, @Nullable OnBehalfOf server, WriteSegments segments) {
        DomainRef domain = named(calls, of);
        var request = WriteMemoryRequest.newBuilder()
                .setDomid(domain.domid().value())
                .setDomainGeneration(domain.generation());
        if (server != null) {
            request.setOnBehalfOf(server);
        }
        segments.addTo(request);
        calls.change(
                MemoryServiceGrpc.getWriteMemoryMethod(),
                id -> request.setRequestId(id).build(),
                domain);
    }

    static void setMemType(UnaryCalls calls, DomainRef of, @Nullable OnBehalfOf server, List<MemTypeRun> runs) {
        DomainRef domain = named(calls, of);
        var request = SetMemTypeRequest.newBuilder()
                .setDomid(domain.domid().value())
                .setDomainGeneration(domain.generation())
                .addAllRuns(runs);
        if (server != null) {
            request.setOnBehalfOf(server);
        }
        calls.change(
                MemoryServiceGrpc.getSetMemTypeMethod(),
                id -> request.setRequestId(id).build(),
                domain);
    }

    /** Each attempt of a change is for the domain that had the id at the first one, and never for the next (section E). */
    private static DomainRef named(UnaryCalls calls, DomainRef domain) {
        if (domain.generation() != 0) {
            return domain;
        }
        return DomainRef.of(calls.ask(
                        DomainServiceGrpc.getDescribeDomainMethod(),
                        DescribeDomainRequest.newBuilder()
                                .setDomid(domain.domid().value())
                                .build())
                .getDomain());
    }
}

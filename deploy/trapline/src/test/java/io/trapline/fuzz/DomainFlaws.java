package io.trapline.fuzz;

import io.trapline.fuzz.FlawedRequests.BaseRequest;
import io.trapline.model.Errno;
import io.trapline.model.Limit;
import io.trapline.v1.CreateDomainRequest;
import io.trapline.v1.DescribeDomainRequest;
import io.trapline.v1.DestroyDomainRequest;
import io.trapline.v1.DomainMemory;
import io.trapline.v1.ListDomainsRequest;
import io.trapline.v1.ModifiedMemoryRequest;
import io.trapline.v1.PauseDomainRequest;
import io.trapline.v1.TrackDirtyRequest;
import io.trapline.v1.UnpauseDomainRequest;
import java.util.List;
import java.util.Map;

/** What can be wrong with the calls of the domain service (D1, D2). */
final class DomainFlaws {
    private static final long MAX_GFN = (1L << 40) - 1;

    private DomainFlaws() {}

    static Map<String, BaseRequest> bases(World world) {
        return Map.ofEntries(
                Map.entry("CreateDomain", new BaseRequest(create(), creating(world))),
                Map.entry(
                        "DestroyDomain",
                        new BaseRequest(
                                DestroyDomainRequest.newBuilder()
                                        .setDomid(world.domid())
                                        .setGeneration(world.generation())
                                        .build(),
                                List.of())),
                Map.entry(
                        "PauseDomain",
                        new BaseRequest(
                                PauseDomainRequest.newBuilder()
                                        .setDomid(world.domid())
                                        .setGeneration(world.generation())
                                        .build(),
                                List.of())),
                Map.entry(
                        "UnpauseDomain",
                        new BaseRequest(
                                UnpauseDomainRequest.newBuilder()
                                        .setDomid(world.domid())
                                        .setGeneration(world.generation())
                                        .build(),
                                List.of(Flaw.conflict(Errno.EINVAL, "not paused", "-", (draft, dice) -> {})))),
                Map.entry("ListDomains", new BaseRequest(ListDomainsRequest.getDefaultInstance(), List.of())),
                Map.entry(
                        "DescribeDomain",
                        new BaseRequest(
                                DescribeDomainRequest.newBuilder()
                                        .setDomid(world.domid())
                                        .build(),
                                List.of())),
                Map.entry(
                        "TrackDirty",
                        new BaseRequest(
                                TrackDirtyRequest.newBuilder()
                                        .setDomid(world.domid())
                                        .setNr(1)
                                        .build(),
                                frames())),
                Map.entry(
                        "ModifiedMemory",
                        new BaseRequest(
                                ModifiedMemoryRequest.newBuilder()
                                        .setDomid(world.domid())
                                        .setNr(1)
                                        .build(),
                                frames())));
    }

    private static CreateDomainRequest create() {
        return CreateDomainRequest.newBuilder()
                .setDomid(30_000)
                .setNrPages(16)
                .setNrVcpus(1)
                .setMemory(DomainMemory.DOMAIN_MEMORY_VOLATILE)
                .build();
    }

    private static List<Flaw> creating(World world) {
        return List.of(
                Flaw.shape(
                        "domid out of range",
                        "domid",
                        (draft, dice) -> draft.set("domid", dice.above32(Limit.MAX_DOMID.value()))),
                Flaw.conflict(Errno.EEXIST, "domid taken", "domid", (draft, dice) -> draft.set("domid", world.domid())),
                Flaw.shape(
                        "nr_pages",
                        "nr_pages",
                        (draft, dice) ->
                                draft.set("nr_pages", dice.pick(0L, dice.above64(Limit.MAX_PAGES_PER_DOMAIN.value())))),
                Flaw.shape(
                        "nr_vcpus",
                        "nr_vcpus",
                        (draft, dice) ->
                                draft.set("nr_vcpus", dice.pick(0L, dice.above32(Limit.MAX_VCPUS_PER_DOMAIN.value())))),
                Flaw.shape("memory", "memory", (draft, dice) -> draft.set("memory", dice.pick(0, 3, 99, -1))),
                Flaw.conflict(Errno.ENOSPC, "one node", "memory", (draft, dice) -> draft.set("memory", 1)),
                Flaw.shape("on_degraded", "memory", (draft, dice) -> draft.set("on_degraded", dice.pick(2, 3, 99, -1))),
                Flaw.shape(
                        "default_timeout_ms",
                        "default_timeout_ms",
                        (draft, dice) ->
                                draft.set("default_timeout_ms", dice.above32(Limit.MAX_TIMEOUT_MILLIS.value()))));
    }

    private static List<Flaw> frames() {
        return List.of(
                OtherFlaws.notBuilt(),
                Flaw.shape("nr", "nr", (draft, dice) -> draft.set("nr", dice.pick(0L, dice.above64(1L << 24)))),
                Flaw.shape("first_gfn", "first_gfn", (draft, dice) -> draft.set("first_gfn", dice.above64(MAX_GFN))));
    }
}

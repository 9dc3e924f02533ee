package io.trapline.fuzz;

import io.trapline.fuzz.FlawedRequests.BaseRequest;
import io.trapline.model.Errno;
import io.trapline.model.Limit;
import io.trapline.v1.Bufioreq;
import io.trapline.v1.CreateIoreqServerRequest;
import io.trapline.v1.DestroyIoreqServerRequest;
import io.trapline.v1.GetIoreqServerInfoRequest;
import io.trapline.v1.IoRange;
import io.trapline.v1.IoRangeType;
import io.trapline.v1.ListClaimHistoryRequest;
import io.trapline.v1.ListClaimsRequest;
import io.trapline.v1.ListIoreqServersRequest;
import io.trapline.v1.MapIoRangeRequest;
import io.trapline.v1.MapMemTypeRequest;
import io.trapline.v1.MemType;
import io.trapline.v1.SetIoreqServerStateRequest;
import io.trapline.v1.UnmapIoRangeRequest;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** What can be wrong with the calls of the service of IOREQ servers (S, R, C). */
final class ServerFlaws {
    private static final long MAX_GPA = (1L << 52) - 1;

    private ServerFlaws() {}

    static Map<String, BaseRequest> bases(World world) {
        int domid = world.domid();
        return Map.ofEntries(
                Map.entry(
                        "CreateIoreqServer",
                        new BaseRequest(
                                CreateIoreqServerRequest.newBuilder()
                                        .setDomid(domid)
                                        .setBufioreq(Bufioreq.BUFIOREQ_OFF)
                                        .build(),
                                creating())),
                Map.entry(
                        "DestroyIoreqServer",
                        new BaseRequest(
                                DestroyIoreqServerRequest.newBuilder()
                                        .setDomid(domid)
                                        .build(),
                                List.of())),
                Map.entry(
                        "SetIoreqServerState",
                        new BaseRequest(
                                SetIoreqServerStateRequest.newBuilder()
                                        .setDomid(domid)
                                        .build(),
                                List.of())),
                Map.entry(
                        "GetIoreqServerInfo",
                        new BaseRequest(
                                GetIoreqServerInfoRequest.newBuilder()
                                        .setDomid(domid)
                                        .build(),
                                List.of())),
                Map.entry(
                        "ListIoreqServers",
                        new BaseRequest(
                                ListIoreqServersRequest.newBuilder()
                                        .setDomid(domid)
                                        .build(),
                                List.of())),
                Map.entry(
                        "MapIoRange",
                        new BaseRequest(
                                MapIoRangeRequest.newBuilder()
                                        .setDomid(domid)
                                        .setRange(range(0x300, 0x30F))
                                        .build(),
                                mapping())),
                Map.entry(
                        "UnmapIoRange",
                        new BaseRequest(
                                UnmapIoRangeRequest.newBuilder()
                                        .setDomid(domid)
                                        .setRange(range(0x104, 0x107))
                                        .build(),
                                unmapping())),
                Map.entry(
                        "MapMemType",
                        new BaseRequest(
                                MapMemTypeRequest.newBuilder()
                                        .setDomid(domid)
                                        .setType(MemType.MEM_TYPE_IOREQ_SERVER_7)
                                        .setFlags(2)
                                        .build(),
                                claiming())),
                Map.entry(
                        "ListClaims",
                        new BaseRequest(
                                ListClaimsRequest.newBuilder().setDomid(domid).build(), List.of())),
                Map.entry(
                        "ListClaimHistory",
                        new BaseRequest(
                                ListClaimHistoryRequest.newBuilder()
                                        .setDomid(domid)
                                        .build(),
                                List.of())));
    }

    private static IoRange range(long start, long end) {
        return IoRange.newBuilder()
                .setType(IoRangeType.IO_RANGE_TYPE_PORT)
                .setStart(start)
                .setEnd(end)
                .build();
    }

    private static List<Flaw> creating() {
        return List.of(
                Flaw.shape("bufioreq", "bufioreq", (draft, dice) -> draft.set("bufioreq", dice.pick(4, 99, -1))),
                Flaw.shape(
                        "timeout_ms",
                        "timeout_ms",
                        (draft, dice) -> draft.set("timeout_ms", dice.above32(Limit.MAX_TIMEOUT_MILLIS.value()))),
                Flaw.shape(
                        "on_disconnect",
                        "on_disconnect",
                        (draft, dice) -> draft.set("on_disconnect", dice.pick(3, 99, -1))),
                Flaw.shape("RELEASE at once", "on_disconnect", (draft, dice) -> draft.set("on_disconnect", 2)),
                Flaw.shape("RELEASE much later", "on_disconnect", (draft, dice) -> {
                    draft.set("on_disconnect", 2);
                    draft.set("grace_ms", dice.above32(Limit.MAX_GRACE_MILLIS.value()));
                }),
                Flaw.shape(
                        "grace_ms with HOLD",
                        "on_disconnect",
                        (draft, dice) -> draft.set("grace_ms", dice.above32(0))));
    }

    private static List<Flaw> ranges() {
        return List.of(
                Flaw.shape("range.type", "range", (draft, dice) -> draft.set("range.type", dice.pick(0, 4, 99, -1))),
                Flaw.shape("no range", "range", (draft, dice) -> draft.set("range", IoRange.getDefaultInstance())),
                Flaw.shape("start > end", "range", (draft, dice) -> {
                    int start = dice.between(0x301, 0xFFFF);
                    draft.set("range.start", start).set("range.end", dice.below(start));
                }),
                Flaw.shape("range.end", "range", (draft, dice) -> {
                    int type = dice.between(1, 3);
                    long highest = type == 1 ? 0xFFFF : type == 2 ? MAX_GPA : 0xFFFF_FFFFL;
                    draft.set("range.type", type).set("range.start", 0x300).set("range.end", dice.above64(highest));
                }));
    }

    private static List<Flaw> mapping() {
        List<Flaw> flaws = new ArrayList<>(ranges());
        flaws.add(Flaw.conflict(
                Errno.EEXIST,
                "overlaps",
                "range",
                (draft, dice) -> draft.set("range.start", dice.between(0, 0x10F))
                        .set("range.end", dice.between(0x10F, 0xFFFF))));
        return flaws;
    }

    private static List<Flaw> unmapping() {
        List<Flaw> flaws = new ArrayList<>(ranges());
        flaws.add(Flaw.conflict(
                Errno.ENOENT,
                "not wholly mapped",
                "range",
                (draft, dice) -> draft.set("range.start", dice.between(0, 0x10F))
                        .set("range.end", dice.between(0x110, 0xFFFF))));
        return flaws;
    }

    private static List<Flaw> claiming() {
        return List.of(
                Flaw.shape(
                        "type",
                        "claim",
                        (draft, dice) -> draft.set("type", dice.pick(0, 1, 2, 3, 4, 5, 6, 15, 32, 255, -1))),
                Flaw.shape("flags", "claim", (draft, dice) -> draft.set("flags", dice.above32(3))),
                Flaw.shape("a claim with reset", "claim", (draft, dice) -> draft.set("reset", true)),
                Flaw.conflict(
                        Errno.EBUSY,
                        "held by itself",
                        "claim",
                        (draft, dice) -> draft.set("type", 16).set("flags", dice.between(1, 3))),
                Flaw.conflict(
                        Errno.EBUSY,
                        "held",
                        "claim",
                        (draft, dice) -> draft.set("type", 17).set("flags", dice.between(1, 3))),
                Flaw.conflict(
                        Errno.EINVAL,
                        "releases what nobody holds",
                        "claim",
                        (draft, dice) -> draft.set("type", dice.between(18, 31))
                                .set("flags", 0)
                                .set("reset", dice.chance(50))),
                Flaw.conflict(
                        Errno.EINVAL,
                        "releases what another holds",
                        "claim",
                        (draft, dice) -> draft.set("type", 17).set("flags", 0).set("reset", dice.chance(50))));
    }
}

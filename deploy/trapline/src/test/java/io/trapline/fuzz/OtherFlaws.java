package io.trapline.fuzz;

import io.trapline.fuzz.FlawedRequests.BaseRequest;
import io.trapline.model.Errno;
import io.trapline.v1.CloseSessionRequest;
import io.trapline.v1.GetLimitsRequest;
import io.trapline.v1.GetVersionRequest;
import io.trapline.v1.InjectEventRequest;
import io.trapline.v1.InjectMsiRequest;
import io.trapline.v1.ListCoordinatorsRequest;
import io.trapline.v1.ListNodesRequest;
import io.trapline.v1.OnBehalfOf;
import io.trapline.v1.OpenSessionRequest;
import io.trapline.v1.RenewSessionRequest;
import io.trapline.v1.SetIrqLevelRequest;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** What can be wrong with the calls of sessions and of the cluster, and with those that are not built (F7). */
final class OtherFlaws {
    /** The key of what is wrong with every request of a call. */
    static final String NEVER = "never";

    private OtherFlaws() {}

    /** In the contract and not built: refused, at the latest after everything else was looked at. */
    static Flaw notBuilt() {
        return Flaw.any(Set.of(Errno.EOPNOTSUPP), "not built", NEVER, (draft, dice) -> {});
    }

    static Map<String, BaseRequest> bases(World world, long openSession) {
        OnBehalfOf behalf = OnBehalfOf.getDefaultInstance();
        return Map.ofEntries(
                Map.entry("GetLimits", new BaseRequest(GetLimitsRequest.getDefaultInstance(), List.of())),
                Map.entry("GetVersion", new BaseRequest(GetVersionRequest.getDefaultInstance(), List.of())),
                Map.entry("ListNodes", new BaseRequest(ListNodesRequest.getDefaultInstance(), List.of())),
                Map.entry("ListCoordinators", new BaseRequest(ListCoordinatorsRequest.getDefaultInstance(), List.of())),
                Map.entry("OpenSession", new BaseRequest(OpenSessionRequest.getDefaultInstance(), List.of())),
                Map.entry(
                        "CloseSession",
                        new BaseRequest(
                                CloseSessionRequest.newBuilder()
                                        .setSession(openSession)
                                        .build(),
                                List.of())),
                Map.entry(
                        "RenewSession",
                        new BaseRequest(
                                RenewSessionRequest.newBuilder()
                                        .setSession(openSession)
                                        .build(),
                                List.of(Flaw.existence(
                                        Errno.ESTALE,
                                        "no such session",
                                        "session",
                                        (draft, dice) ->
                                                draft.set("session", dice.pick(0L, dice.above64(1L << 40))))))),
                Map.entry(
                        "SetIrqLevel",
                        new BaseRequest(
                                SetIrqLevelRequest.newBuilder()
                                        .setDomid(world.domid())
                                        .setOnBehalfOf(behalf)
                                        .build(),
                                events(over32("irq", 1023)))),
                Map.entry(
                        "InjectMsi",
                        new BaseRequest(
                                InjectMsiRequest.newBuilder()
                                        .setDomid(world.domid())
                                        .setOnBehalfOf(behalf)
                                        .build(),
                                events())),
                Map.entry(
                        "InjectEvent",
                        new BaseRequest(
                                InjectEventRequest.newBuilder()
                                        .setDomid(world.domid())
                                        .setOnBehalfOf(behalf)
                                        .build(),
                                events(over32("vcpu", 4095), over32("vector", 255), over32("event_type", 7)))));
    }

    private static List<Flaw> events(Flaw... more) {
        List<Flaw> flaws = new ArrayList<>(Arrays.asList(more));
        flaws.add(notBuilt());
        return flaws;
    }

    private static Flaw over32(String field, long limit) {
        return Flaw.shape(field, field, (draft, dice) -> draft.set(field, dice.above32(limit)));
    }
}

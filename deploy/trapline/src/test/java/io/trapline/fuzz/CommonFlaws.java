package io.trapline.fuzz;

import com.google.protobuf.Descriptors.Descriptor;
import io.trapline.model.Errno;
import io.trapline.model.Limit;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/** Flaws that many calls can have: in what names a domain or a server, in the request id, in the principal. */
final class CommonFlaws {
    private static final Set<String> DOMID_MAY_BE_NEW = Set.of("CreateDomain");
    private static final Set<String> DOMID_MAY_BE_ZERO = Set.of("CreateDomain", "ListClaims");
    private static final Set<String> OF_ANYBODY = Set.of("GetIoreqServerInfo");

    private final World world;
    private final long openSession;
    private final long endedSession;

    CommonFlaws(World world, long openSession, long endedSession) {
        this.world = world;
        this.openSession = openSession;
        this.endedSession = endedSession;
    }

    List<Flaw> of(String method, Descriptor request) {
        List<Flaw> flaws = new ArrayList<>();
        flaws.add(Flaw.shape(
                "principal too long",
                "principal",
                (draft, dice) ->
                        draft.principal = "p".repeat(Limit.MAX_PRINCIPAL_BYTES.intValue() + 1 + dice.below(500))));
        if (has(request, "domid")) {
            domain(method, request, flaws);
        }
        if (has(request, "id")) {
            server(method, flaws);
        }
        if (has(request, "request_id")) {
            requestId(request, flaws);
        }
        if (has(request, "on_behalf_of")) {
            behalf(flaws);
        }
        if (has(request, "page_token")) {
            flaws.add(Flaw.shape(
                    "page_token",
                    "page_token",
                    (draft, dice) -> draft.set(
                            "page_token",
                            dice.pick("x", "-1", "1.2.3.4.5.6.7", "99999999999999999999", "9".repeat(900), " ")
                                    + dice.pick("", "?", "x" + dice.text(30)))));
        }
        if (has(request, "drain_ms")) {
            flaws.add(Flaw.shape(
                    "drain_ms",
                    "drain_ms",
                    (draft, dice) -> draft.set("drain_ms", dice.above32(Limit.MAX_DRAIN_MILLIS.value()))));
        }
        return flaws;
    }

    private void domain(String method, Descriptor request, List<Flaw> flaws) {
        if (!DOMID_MAY_BE_NEW.contains(method)) {
            flaws.add(Flaw.existence(
                    Errno.ESRCH,
                    "no such domain",
                    "domid",
                    (draft, dice) -> draft.set("domid", dice.between(31_000, 31_999))));
            flaws.add(Flaw.any(
                    Set.of(Errno.ESRCH, Errno.EINVAL),
                    "domid out of range",
                    "domid",
                    (draft, dice) -> draft.set("domid", dice.above32(Limit.MAX_DOMID.value()))));
        }
        if (!DOMID_MAY_BE_ZERO.contains(method)) {
            flaws.add(Flaw.any(
                    Set.of(Errno.ESRCH, Errno.EINVAL), "domid 0", "domid", (draft, dice) -> draft.set("domid", 0)));
        }
        String generation = has(request, "domain_generation") ? "domain_generation" : "generation";
        if (has(request, generation)) {
            flaws.add(Flaw.existence(
                    Errno.ESRCH,
                    "another domain generation",
                    generation,
                    (draft, dice) -> draft.set(generation, otherThan(world.generation(), dice))));
        }
    }

    private void server(String method, List<Flaw> flaws) {
        flaws.add(Flaw.existence(
                Errno.ENOENT, "no such server", "id", (draft, dice) -> draft.set("id", dice.between(3, 63))));
        flaws.add(Flaw.any(
                Set.of(Errno.ENOENT, Errno.EINVAL),
                "id out of range",
                "id",
                (draft, dice) -> draft.set("id", dice.above32(63))));
        flaws.add(Flaw.existence(
                Errno.ENOENT,
                "another server generation",
                "generation",
                (draft, dice) -> draft.set("generation", otherThan(world.server0(), dice))));
        if (!OF_ANYBODY.contains(method)) {
            flaws.add(Flaw.ownership(
                    (draft, dice) -> draft.principal = dice.pick("anonymous", "intruder", "owne", "owner2", "OWNER")));
        }
    }

    private void requestId(Descriptor request, List<Flaw> flaws) {
        flaws.add(Flaw.shape(
                "request_id.number",
                "request_id",
                (draft, dice) -> draft.set("request_id.session", openSession)
                        .set("request_id.number", dice.pick(0L, -1L, Long.MIN_VALUE))));
        flaws.add(Flaw.shape("request_id.acknowledged_through", "request_id", (draft, dice) -> {
            long number = dice.between(1, 1000);
            draft.set("request_id.session", openSession)
                    .set("request_id.number", number)
                    .set("request_id.acknowledged_through", dice.pick(number, number + 1, -1L, Long.MAX_VALUE));
        }));
        flaws.add(Flaw.any(
                Set.of(Errno.ESTALE),
                "a session that has ended",
                "request_id",
                (draft, dice) -> named(request, draft)
                        .set("request_id.session", dice.pick(endedSession, 0L))
                        .set("request_id.number", dice.between(1, 1000))));
        flaws.add(Flaw.any(
                Set.of(Errno.ESTALE, Errno.EAGAIN),
                "an unknown session",
                "request_id",
                (draft, dice) -> named(request, draft)
                        .set("request_id.session", dice.above64(1L << 40))
                        .set("request_id.number", dice.between(1, 1000))));
    }

    /** A memory or type call under a request id says which domain it means: the one that is there now. */
    private Draft named(Descriptor request, Draft draft) {
        return has(request, "domain_generation") ? draft.set("domain_generation", world.generation()) : draft;
    }

    private void behalf(List<Flaw> flaws) {
        flaws.add(Flaw.existence(
                Errno.ENOENT,
                "on behalf of no server",
                "on_behalf_of",
                (draft, dice) -> draft.set("on_behalf_of.id", dice.pick(3L, 63L, dice.above32(63)))));
        flaws.add(Flaw.existence(
                Errno.ENOENT,
                "on behalf of another generation",
                "on_behalf_of",
                (draft, dice) -> draft.set("on_behalf_of.generation", otherThan(world.server0(), dice))));
        flaws.add(new Flaw(
                "on behalf of somebody else's server",
                "on_behalf_of",
                Flaw.Stage.OWNERSHIP,
                Set.of(Errno.EPERM),
                (draft, dice) -> draft.set("on_behalf_of.id", 2)));
        // Nobody is attached to server 0.
        flaws.add(Flaw.any(
                Set.of(Errno.ESTALE),
                "a session that is not active",
                "on_behalf_of",
                (draft, dice) ->
                        draft.set("on_behalf_of.session_epoch", dice.pick(1L, -1L, world.server0(), dice.anyLong()))));
        flaws.add(Flaw.shape(
                "on_behalf_of.serving",
                "on_behalf_of",
                (draft, dice) -> draft.set("on_behalf_of.serving", Keys.tooManyOrWrong(dice))));
    }

    /** Never 0, which is not checked. */
    static long otherThan(long generation, Dice dice) {
        long other = dice.pick(generation + 1, generation - 1, -1L, Long.MAX_VALUE, Long.MIN_VALUE, dice.anyLong());
        return other == 0 || other == generation ? generation + 7 : other;
    }

    private static boolean has(Descriptor request, String field) {
        return request.findFieldByName(field) != null;
    }
}

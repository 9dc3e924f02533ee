package io.trapline.fuzz;

import com.google.protobuf.Message;
import io.grpc.MethodDescriptor;
import io.trapline.model.Errno;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;

/** Requests that are certainly wrong: a good one for each call, and one to three flaws put into it. */
final class FlawedRequests {
    private final Map<String, BaseRequest> bases;

    /**
     * A request without a flaw, and the flaws that only it can have.
     *
     * @param request it would be carried out
     * @param own flaws of this call
     */
    record BaseRequest(Message request, List<Flaw> own) {}

    /**
     * One that must be refused.
     *
     * @param request it
     * @param principal who sends it
     * @param label its flaws
     * @param expected what it is refused with, one of them
     */
    record Flawed(Message request, String principal, String label, Set<Errno> expected) {}

    FlawedRequests(World world, long openSession, long endedSession) {
        CommonFlaws common = new CommonFlaws(world, openSession, endedSession);
        bases = new HashMap<>();
        Stream.of(
                        DomainFlaws.bases(world),
                        ServerFlaws.bases(world),
                        MemoryFlaws.bases(world),
                        OtherFlaws.bases(world, openSession))
                .forEach(bases::putAll);
        bases.replaceAll((name, base) -> {
            List<Flaw> all = new ArrayList<>(base.own());
            all.addAll(common.of(name, base.request().getDescriptorForType()));
            return new BaseRequest(base.request(), all);
        });
    }

    Flawed next(MethodDescriptor<?, ?> method, Dice dice) {
        BaseRequest base = bases.get(Contract.name(method));
        if (base == null) {
            throw new IllegalStateException("no flaws are known for " + method.getFullMethodName());
        }
        Draft draft = new Draft(base.request(), World.OWNER);
        List<Flaw> flaws = new ArrayList<>();
        Set<String> keys = new HashSet<>();
        // What is never carried out is wrong by itself.
        base.own().stream()
                .filter(flaw -> flaw.key().equals(OtherFlaws.NEVER))
                .forEach(flaw -> put(flaw, draft, dice, flaws, keys));
        int wanted = dice.chance(60) ? 1 : dice.between(2, 3);
        for (int i = 0; i < wanted || flaws.isEmpty(); i++) {
            Flaw flaw = dice.pick(base.own());
            if (!keys.contains(flaw.key())) {
                put(flaw, draft, dice, flaws, keys);
            }
        }
        return new Flawed(
                draft.request.build(),
                draft.principal,
                flaws.stream().map(Flaw::label).toList().toString(),
                Flaw.expected(flaws));
    }

    private static void put(Flaw flaw, Draft draft, Dice dice, List<Flaw> flaws, Set<String> keys) {
        flaw.change().to(draft, dice);
        flaws.add(flaw);
        keys.add(flaw.key());
    }
}

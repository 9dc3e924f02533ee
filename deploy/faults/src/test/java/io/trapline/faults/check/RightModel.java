package io.trapline.faults.check;

import io.trapline.faults.history.Event;
import io.trapline.faults.history.Outcome;
import io.trapline.faults.history.Span;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * A cluster that keeps every promise, and its clients: calls begin, take effect at one moment each, and end, in an order that the seed draws; some clients
 * never hear of the end. What comes out is right by construction.
 */
final class RightModel {
    private static final int DOMID = 1;
    private static final int VCPUS = 3;
    private static final int SERVERS = 2;
    private static final int TYPES = 2;
    private static final int WORDS = 4;
    private static final int PAGE = 4096;
    private static final int MOST_UNDER_WAY = 3;

    final List<Event> events = new ArrayList<>();
    /** Accesses that an emulator had to carry out: what decided them stood still from before they began until after they ended. */
    final List<Event.Access> mustBePassed = new ArrayList<>();

    private final SplittableRandom random;
    private final boolean losesAnswers;
    private final Map<Long, Long> memory = new HashMap<>();
    private final Map<Integer, Integer> typeOfPage = new HashMap<>();
    private final Map<Integer, Integer> holder = new HashMap<>();
    private final Map<Integer, Integer> flags = new HashMap<>();
    private final Set<Integer> enabled = new HashSet<>();
    private final List<Pending> pending = new ArrayList<>();
    private final List<Runnable> late = new ArrayList<>();
    private final Map<String, Integer> underWay = new HashMap<>();
    private final long[] sequences = new long[VCPUS];
    private long now;
    private long revision = 1_000;
    private long lastValue;
    private int changesUnderWay;
    private long changesBegun;
    private boolean isAnythingUnknown;

    /** A call that has begun. */
    private final class Pending {
        final String client;
        final boolean isChange;
        final long start = now;
        final Supplier<Outcome> effect;
        final Completion completion;
        final long changesBefore;
        final boolean isQuiet;

        @Nullable
        Outcome outcome;

        Pending(String client, boolean isChange, Supplier<Outcome> effect, Completion completion) {
            this.client = client;
            this.isChange = isChange;
            this.effect = effect;
            this.completion = completion;
            this.isQuiet = changesUnderWay == 0 && !isAnythingUnknown;
            this.changesBefore = changesBegun;
            if (isChange) {
                changesUnderWay++;
                changesBegun++;
            }
        }
    }

    private interface Completion {
        void ends(Pending call, Span span, Outcome outcome);
    }

    RightModel(long seed, boolean losesAnswers) {
        random = new SplittableRandom(seed);
        this.losesAnswers = losesAnswers;
    }

    RightModel run(int steps) {
        for (int i = 0; i < steps; i++) {
            now += 1 + random.nextInt(3);
            switch (random.nextInt(3)) {
                case 0 -> begin();
                case 1 -> apply();
                default -> end();
            }
        }
        while (!pending.isEmpty()) {
            now++;
            if (random.nextBoolean()) {
                apply();
            } else {
                end();
            }
        }
        return this;
    }

    private void begin() {
        switch (random.nextInt(10)) {
            case 0 -> beginClaim();
            case 1 -> beginRelease();
            case 2 -> beginTyping();
            case 3 -> beginEnabling();
            case 4 -> beginListing();
            case 5 -> beginMemory();
            default -> beginAccess();
        }
    }

    private boolean takesMore(String client, int most) {
        return underWay.getOrDefault(client, 0) < most;
    }

    private void start(Pending call) {
        pending.add(call);
        underWay.merge(call.client, 1, Integer::sum);
    }

    private void beginAccess() {
        int vcpu = random.nextInt(VCPUS);
        if (!takesMore("vcpu " + vcpu, MOST_UNDER_WAY)) {
            return;
        }
        long sequence = ++sequences[vcpu];
        boolean write = random.nextBoolean();
        long address = address();
        long[] value = {write ? ++lastValue : 0};
        boolean[] isPassed = {false};
        start(new Pending(
                "vcpu " + vcpu,
                false,
                () -> {
                    isPassed[0] = access(vcpu, sequence, write, address, value);
                    return Outcome.DONE;
                },
                (call, span, outcome) -> {
                    Event.Access access = new Event.Access(
                            DOMID, vcpu, 100 + vcpu, sequence, write, address, value[0], span, outcome);
                    events.add(access);
                    boolean stoodStill = call.isQuiet && changesBegun == call.changesBefore;
                    if (isPassed[0] && stoodStill && outcome.isDone()) {
                        mustBePassed.add(access);
                    }
                }));
    }

    /** The moment at which an access is carried out. Returns whether by an emulator. */
    private boolean access(int vcpu, long sequence, boolean write, long address, long[] value) {
        Integer x = typeOfPage.get((int) (address / PAGE));
        Integer server = x == null ? null : holder.get(x);
        int direction = write ? Story.WRITE : Story.READ;
        if (x == null || server == null || !enabled.contains(server) || (flags.getOrDefault(x, 0) & direction) == 0) {
            value[0] = carryOut(write, address, value[0]);
            return false;
        }
        value[0] = carryOut(write, address, value[0]);
        events.add(new Event.CarriedOut(
                DOMID,
                server,
                7,
                vcpu,
                100 + vcpu,
                sequence,
                0,
                false,
                false,
                write,
                address,
                value[0],
                new Span(now, now)));
        return true;
    }

    private long carryOut(boolean write, long address, long value) {
        if (write) {
            memory.put(address, value);
            return value;
        }
        return memory.getOrDefault(address, 0L);
    }

    private long address() {
        return (long) random.nextInt(2) * PAGE + 8L * random.nextInt(WORDS);
    }

    private void beginMemory() {
        if (!takesMore("operator", 2)) {
            return;
        }
        boolean write = random.nextBoolean();
        long address = address();
        long[] value = {write ? ++lastValue : 0};
        start(new Pending(
                "operator",
                false,
                () -> {
                    value[0] = carryOut(write, address, value[0]);
                    return Outcome.DONE;
                },
                (call, span, outcome) ->
                        events.add(new Event.Memory("operator", DOMID, write, address, value[0], span, outcome))));
    }

    private void beginClaim() {
        int server = random.nextInt(SERVERS);
        int x = random.nextInt(TYPES);
        int wanted = 1 + random.nextInt(3);
        if (!takesMore("server " + server, 1)) {
            return;
        }
        long[] epoch = {0};
        int[] busy = {-1};
        start(new Pending(
                "server " + server,
                true,
                () -> {
                    Integer now = holder.get(x);
                    if (now != null) {
                        busy[0] = now;
                        return Outcome.refused("EBUSY");
                    }
                    holder.put(x, server);
                    flags.put(x, wanted);
                    epoch[0] = ++revision;
                    return Outcome.DONE;
                },
                (call, span, outcome) ->
                        events.add(new Event.Claim(DOMID, server, x, wanted, epoch[0], busy[0], span, outcome))));
    }

    private void beginRelease() {
        int server = random.nextInt(SERVERS);
        int x = random.nextInt(TYPES);
        if (!takesMore("server " + server, 1)) {
            return;
        }
        long[] released = {0};
        start(new Pending(
                "server " + server,
                true,
                () -> {
                    if (!Integer.valueOf(server).equals(holder.get(x))) {
                        return Outcome.refused("EINVAL");
                    }
                    holder.remove(x);
                    released[0] = ++revision;
                    return Outcome.DONE;
                },
                (call, span, outcome) ->
                        events.add(new Event.Release(DOMID, server, x, false, released[0], span, outcome))));
    }

    private void beginTyping() {
        if (!takesMore("typer", 1)) {
            return;
        }
        int page = random.nextInt(2);
        int x = random.nextInt(TYPES + 1) - 1;
        start(new Pending(
                "typer",
                true,
                () -> {
                    if (x >= 0 && typeOfPage.containsKey(page)) {
                        return Outcome.refused("EINVAL");
                    }
                    if (x < 0) {
                        typeOfPage.remove(page);
                    } else {
                        typeOfPage.put(page, x);
                    }
                    return Outcome.DONE;
                },
                (call, span, outcome) -> events.add(new Event.Typing(DOMID, page, 1, x, span, outcome))));
    }

    private void beginEnabling() {
        int server = random.nextInt(SERVERS);
        boolean on = random.nextInt(4) > 0;
        if (!takesMore("server " + server, 1)) {
            return;
        }
        start(new Pending(
                "server " + server,
                true,
                () -> {
                    if (on) {
                        enabled.add(server);
                    } else {
                        enabled.remove(server);
                    }
                    return Outcome.DONE;
                },
                (call, span, outcome) -> events.add(new Event.Enabling(DOMID, server, on, span, outcome))));
    }

    private void beginListing() {
        if (!takesMore("lister", 1)) {
            return;
        }
        Map<Integer, Integer> seen = new HashMap<>();
        start(new Pending(
                "lister",
                false,
                () -> {
                    seen.putAll(holder);
                    return Outcome.DONE;
                },
                (call, span, outcome) -> events.add(new Event.Listed(DOMID, seen, span, outcome))));
    }

    /** One that has begun takes effect; of a client that has several under way the oldest. */
    private void apply() {
        if (!late.isEmpty() && random.nextInt(4) == 0) {
            late.remove(random.nextInt(late.size())).run();
        }
        List<Pending> first = new ArrayList<>();
        Set<String> clients = new HashSet<>();
        for (Pending call : pending) {
            if (call.outcome == null && clients.add(call.client)) {
                first.add(call);
            }
        }
        if (!first.isEmpty()) {
            Pending call = first.get(random.nextInt(first.size()));
            call.outcome = call.effect.get();
        }
    }

    private void end() {
        if (pending.isEmpty()) {
            return;
        }
        Pending call = pending.get(random.nextInt(pending.size()));
        Outcome outcome = call.outcome;
        boolean isLost = losesAnswers && random.nextInt(8) == 0;
        if (outcome == null && !isLost) {
            return;
        }
        pending.remove(call);
        underWay.merge(call.client, -1, Integer::sum);
        changesUnderWay -= call.isChange ? 1 : 0;
        if (!isLost) {
            call.completion.ends(call, new Span(call.start, now), Objects.requireNonNull(outcome));
            return;
        }
        isAnythingUnknown |= call.isChange;
        if (outcome == null && random.nextBoolean()) {
            // It takes effect at some time, and nobody hears of it; else never.
            late.add(() -> call.outcome = call.effect.get());
        }
        call.completion.ends(call, new Span(call.start, now), Outcome.unknown("connection lost"));
    }
}

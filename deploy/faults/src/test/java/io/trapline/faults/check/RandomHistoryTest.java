package io.trapline.faults.check;

import static org.assertj.core.api.Assertions.assertThat;

import io.trapline.faults.history.Event;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.SplittableRandom;
import java.util.function.BiFunction;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;

/** What a right model does is accepted; the same with one thing changed that cannot be right is not. */
final class RandomHistoryTest {
    private static final int SEEDS = 300;
    private static final int STEPS = 900;

    @Test
    void acceptsWhatIsRight() {
        LongStream.range(0, SEEDS).forEach(seed -> {
            RightModel model = new RightModel(seed, seed % 2 == 0).run(STEPS);
            assertThat(Checker.check(model.events).findings())
                    .as("seed " + seed)
                    .isEmpty();
            assertThat(model.events).hasSizeGreaterThan(100);
        });
    }

    @Test
    void acceptsItInAnyOrderOfRecording() {
        LongStream.range(0, 30).forEach(seed -> {
            List<Event> shuffled = new ArrayList<>(new RightModel(seed, true).run(STEPS).events);
            Collections.shuffle(shuffled, new Random(seed));
            assertThat(Checker.check(shuffled).findings()).as("seed " + seed).isEmpty();
        });
    }

    @Test
    void refusesAReadOfWhatWasOverwritten() {
        refuses("A3, A4", (model, random) -> staleRead(model.events, random));
    }

    @Test
    void refusesAReadThatLostAllWrites() {
        refuses("A3, A4", (model, random) -> lostWrite(model.events, random));
    }

    @Test
    void refusesThatAnIoreqIsMissing() {
        refuses("rule 0, C4", (model, random) -> {
            if (model.mustBePassed.isEmpty()) {
                return Optional.empty();
            }
            Event.Access access = oneOf(model.mustBePassed, random);
            List<Event> less = new ArrayList<>(model.events);
            less.removeIf(event ->
                    event instanceof Event.CarriedOut ioreq && ioreq.key().equals(access.key()));
            return Optional.of(less);
        });
    }

    @Test
    void refusesThatAnIoreqIsThereTwice() {
        refuses("A4, F6", (model, random) -> ioreq(model.events, random).map(ioreq -> with(model.events, ioreq)));
    }

    @Test
    void refusesThatAnotherServerHadIt() {
        refuses(
                "C4, C7",
                (model, random) -> ioreq(model.events, random)
                        .map(ioreq -> with(
                                model.events,
                                new Event.CarriedOut(
                                        ioreq.domid(),
                                        99,
                                        ioreq.run(),
                                        ioreq.vcpu(),
                                        ioreq.epoch(),
                                        ioreq.sequence(),
                                        0,
                                        false,
                                        false,
                                        ioreq.write(),
                                        ioreq.address(),
                                        ioreq.value(),
                                        ioreq.span()))));
    }

    @Test
    void refusesAClaimWhileAnotherStands() {
        refuses(
                "C2",
                (model, random) -> model.events.stream()
                        .filter(event -> event instanceof Event.Claim claim
                                && claim.outcome().isDone())
                        .map(Event.Claim.class::cast)
                        .findFirst()
                        .map(claim -> with(
                                model.events,
                                new Event.Claim(
                                        claim.domid(),
                                        99,
                                        claim.x(),
                                        claim.flags(),
                                        claim.epoch(),
                                        -1,
                                        claim.span(),
                                        claim.outcome()))));
    }

    /** Every history in which there is something to change is refused then, by that rule, and there are enough of them. */
    private static void refuses(String rule, BiFunction<RightModel, SplittableRandom, Optional<List<Event>>> change) {
        int changed = 0;
        for (long seed = 0; seed < SEEDS; seed++) {
            RightModel model = new RightModel(seed, false).run(STEPS);
            Optional<List<Event>> wrong = change.apply(model, new SplittableRandom(seed));
            if (wrong.isPresent()) {
                changed++;
                assertThat(Checker.check(wrong.get()).findings())
                        .as("seed " + seed)
                        .extracting(Finding::rule)
                        .contains(rule);
            }
        }
        assertThat(changed).isGreaterThan(SEEDS / 3);
    }

    private static Optional<List<Event>> staleRead(List<Event> events, SplittableRandom random) {
        List<List<Event>> wrong = new ArrayList<>();
        for (Event.WordCall read : words(events, false)) {
            List<Event.WordCall> before = writesBefore(events, read);
            for (Event.WordCall old : before) {
                if (before.stream().anyMatch(newer -> old.span().isBefore(newer.span()))) {
                    wrong.add(replaced(events, read, old.value()));
                }
            }
        }
        return wrong.isEmpty() ? Optional.empty() : Optional.of(oneOf(wrong, random));
    }

    private static Optional<List<Event>> lostWrite(List<Event> events, SplittableRandom random) {
        List<Event.WordCall> reads = words(events, false).stream()
                .filter(read -> !writesBefore(events, read).isEmpty())
                .toList();
        return reads.isEmpty() ? Optional.empty() : Optional.of(replaced(events, oneOf(reads, random), 0));
    }

    private static List<Event.WordCall> words(List<Event> events, boolean write) {
        return events.stream()
                .filter(event -> event instanceof Event.WordCall word
                        && word.write() == write
                        && word.outcome().isDone())
                .map(Event.WordCall.class::cast)
                .toList();
    }

    private static List<Event.WordCall> writesBefore(List<Event> events, Event.WordCall read) {
        return words(events, true).stream()
                .filter(write ->
                        write.address() == read.address() && write.span().isBefore(read.span()))
                .toList();
    }

    private static List<Event> replaced(List<Event> events, Event.WordCall read, long value) {
        List<Event> all = new ArrayList<>(events);
        all.set(
                all.indexOf(read),
                new Event.Memory("reader", read.domid(), false, read.address(), value, read.span(), read.outcome()));
        return all;
    }

    private static Optional<Event.CarriedOut> ioreq(List<Event> events, SplittableRandom random) {
        List<Event.CarriedOut> ioreqs = events.stream()
                .filter(Event.CarriedOut.class::isInstance)
                .map(Event.CarriedOut.class::cast)
                .toList();
        return ioreqs.isEmpty() ? Optional.empty() : Optional.of(oneOf(ioreqs, random));
    }

    private static List<Event> with(List<Event> events, Event more) {
        List<Event> all = new ArrayList<>(events);
        all.add(more);
        return all;
    }

    private static <T> T oneOf(List<T> all, SplittableRandom random) {
        return all.get(random.nextInt(all.size()));
    }
}

package io.trapline.faults.check;

import io.trapline.faults.history.Event;
import io.trapline.faults.history.Outcome;
import io.trapline.faults.history.Span;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** A history by hand: domain 1, vCPU 0 under epoch 100 unless said otherwise, times in whole numbers. */
final class Story {
    static final int DOMID = 1;
    static final long WORD = 0x10008;
    static final int READ = 1;
    static final int WRITE = 2;

    final List<Event> events = new ArrayList<>();

    Story add(Event event) {
        events.add(event);
        return this;
    }

    Report check() {
        return Checker.check(events);
    }

    /** The rules that are broken, as the checker names them. */
    List<String> broken() {
        return check().findings().stream().map(Finding::rule).toList();
    }

    static Event.Access access(int vcpu, long sequence, boolean write, long value, long start, long end) {
        return new Event.Access(
                DOMID, vcpu, 100 + vcpu, sequence, write, WORD, value, new Span(start, end), Outcome.DONE);
    }

    Story write(int vcpu, long sequence, long value, long start, long end) {
        return add(access(vcpu, sequence, true, value, start, end));
    }

    Story read(int vcpu, long sequence, long value, long start, long end) {
        return add(access(vcpu, sequence, false, value, start, end));
    }

    Story writeOf(int vcpu, long sequence, long value, long start, Outcome outcome) {
        return add(new Event.Access(
                DOMID, vcpu, 100 + vcpu, sequence, true, WORD, value, new Span(start, start + 1), outcome));
    }

    Story memory(boolean write, long value, long start, long end, Outcome outcome) {
        return add(new Event.Memory("operator", DOMID, write, WORD, value, new Span(start, end), outcome));
    }

    Story claim(int server, int x, int flags, long epoch, long start, long end) {
        return add(new Event.Claim(DOMID, server, x, flags, epoch, -1, new Span(start, end), Outcome.DONE));
    }

    Story claimUnknown(int server, int x, int flags, long start) {
        return add(new Event.Claim(
                DOMID, server, x, flags, 0, -1, new Span(start, start + 1), Outcome.unknown("no answer")));
    }

    Story busy(int server, int x, int holder, long start, long end) {
        return add(new Event.Claim(DOMID, server, x, WRITE, 0, holder, new Span(start, end), Outcome.refused("EBUSY")));
    }

    Story release(int server, int x, long revision, long start, long end) {
        return add(new Event.Release(DOMID, server, x, false, revision, new Span(start, end), Outcome.DONE));
    }

    Story releaseOf(int server, int x, boolean reset, long revision, long start, long end, Outcome outcome) {
        return add(new Event.Release(DOMID, server, x, reset, revision, new Span(start, end), outcome));
    }

    Story enable(int server, boolean enabled, long start, long end) {
        return add(new Event.Enabling(DOMID, server, enabled, new Span(start, end), Outcome.DONE));
    }

    Story type(int x, long start, long end) {
        return add(new Event.Typing(DOMID, WORD >>> 12, 1, x, new Span(start, end), Outcome.DONE));
    }

    Story listed(Map<Integer, Integer> holders, long start, long end) {
        return add(new Event.Listed(DOMID, holders, new Span(start, end), Outcome.DONE));
    }

    static Event.CarriedOut ioreq(int server, long run, Event.Access access, long value, boolean redelivered) {
        return new Event.CarriedOut(
                DOMID,
                server,
                run,
                access.vcpu(),
                access.epoch(),
                access.sequence(),
                0,
                redelivered,
                false,
                access.write(),
                access.address(),
                value,
                access.span());
    }
}

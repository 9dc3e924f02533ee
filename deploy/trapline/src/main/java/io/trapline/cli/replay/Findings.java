package io.trapline.cli.replay;

import io.trapline.cli.trace.Trace;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/**
 * What the emulators and the guest of a replay saw, against the log. The emulators of all devices share the one cursor, since the
 * order of the log is total. Thread-safe.
 */
final class Findings {
    private static final int DESCRIBED = 10;

    private final Trace trace;
    private final ExpectedIoreqs expected;
    private final long[] forwarded;
    private final long[] wrongValues;
    private final long[] wrongOrder;
    private final long[] unanswered;
    private final boolean[] passed;
    private final List<String> described = new ArrayList<>();
    private int next;
    private long answered;

    Findings(Trace trace, ExpectedIoreqs expected) {
        this.trace = trace;
        this.expected = expected;
        int devices = trace.deviceNames().size();
        forwarded = new long[devices];
        wrongValues = new long[devices];
        wrongOrder = new long[devices];
        unanswered = new long[devices];
        passed = new boolean[expected.size()];
    }

    /**
     * An emulator was passed an ioreq: the part of an access that its key names, with this content, at the server that stands for
     * these devices. Returns what a read is to be answered with.
     */
    synchronized long passed(int access, int part, Passed ioreq, List<Integer> devicesOfServer) {
        if (access < 0 || access >= trace.size() || part < 0 || part >= expected.parts(access)) {
            int device = devicesOfServer.getFirst();
            wrong(wrongValues, device, "was passed " + ioreq + ", which is no access of the log");
            return 0;
        }
        int index = expected.first(access) + part;
        int device = trace.device(access);
        if (passed[index]) {
            wrong(wrongOrder, device, "was passed " + describe(index) + " twice");
        } else if (index != next) {
            wrong(wrongOrder, device, "was passed " + describe(index) + " where " + describe(next) + " was next");
        }
        forwarded[device] += passed[index] || part > 0 ? 0 : 1;
        passed[index] = true;
        next = index + 1;
        Passed wanted = new Passed(
                trace.isPort(access),
                trace.isWrite(access),
                expected.address(index),
                expected.sizeBytes(index),
                trace.isWrite(access) ? expected.data(index) : 0);
        if (!ioreq.equals(wanted) || !devicesOfServer.contains(device)) {
            wrong(wrongValues, device, "was passed " + ioreq + " for " + describe(index));
        }
        return expected.data(index);
    }

    /** The guest got its answer. */
    synchronized void answered(int access, long value) {
        answered++;
        notifyAll();
        if (!trace.isWrite(access) && value != trace.value(access)) {
            wrong(
                    wrongValues,
                    trace.device(access),
                    "read 0x" + Long.toHexString(value) + " for " + describe(expected.first(access)));
        }
    }

    /** The guest was told that its access failed. */
    synchronized void failed(int access, String why) {
        answered++;
        notifyAll();
        wrong(unanswered, trace.device(access), "failed " + describe(expected.first(access)) + ": " + why);
    }

    /** How many accesses have their outcome. */
    synchronized long answered() {
        return answered;
    }

    /** Waits until so many have; false where that does not happen in that time. */
    synchronized boolean awaitAnswered(long wanted, Duration timeout) throws InterruptedException {
        long deadlineNanos = System.nanoTime() + timeout.toNanos();
        while (answered < wanted) {
            long leftMillis = (deadlineNanos - System.nanoTime()) / 1_000_000;
            if (leftMillis <= 0) {
                return false;
            }
            wait(leftMillis);
        }
        return true;
    }

    /** Accesses of a device that its emulator was passed. */
    synchronized long forwarded(int device) {
        return forwarded[device];
    }

    /** Ioreqs with another content than the log's, reads with another value, and accesses that failed. */
    synchronized long mismatches(int device) {
        return wrongValues[device] + unanswered[device];
    }

    /** Ioreqs that were not the next of the log. */
    synchronized long orderViolations(int device) {
        return wrongOrder[device];
    }

    /** The first things that were wrong, for a person. */
    synchronized List<String> described() {
        return List.copyOf(described);
    }

    private void wrong(long[] counter, int device, String what) {
        counter[device]++;
        if (described.size() < DESCRIBED) {
            described.add(trace.deviceNames().get(device) + " " + what);
        }
    }

    private String describe(int ioreq) {
        if (ioreq >= expected.size()) {
            return "the end";
        }
        int access = expected.access(ioreq);
        return "access " + (access + 1) + " of the log, "
                + new Passed(
                        trace.isPort(access),
                        trace.isWrite(access),
                        expected.address(ioreq),
                        expected.sizeBytes(ioreq),
                        expected.data(ioreq));
    }

    /**
     * What an ioreq says.
     *
     * @param data what is written, masked to the size; 0 for a read
     */
    record Passed(boolean port, boolean write, long address, int sizeBytes, long data) {
        @Override
        public String toString() {
            return (write ? "write of 0x" + Long.toHexString(data) : "read") + ", " + sizeBytes + " bytes at "
                    + (port ? "port 0x" : "0x") + Long.toHexString(address);
        }
    }
}

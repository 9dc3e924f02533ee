package io.trapline.faults.containers;

import io.trapline.client.DomainRef;
import io.trapline.containers.TraplineContainer;
import java.io.IOException;
import java.util.concurrent.TimeUnit;

/** Members for whom there is not enough of something: of memory, or of disk. Used by one thread. */
final class Shortages {
    /** More than any machine has: Docker takes no limit away. */
    private static final long AMPLE_BYTES = 1L << 40;

    private static final long LITTLE_BYTES = 4 << 20;
    /** Doubles what it holds until there is no more. */
    private static final String HOARD = "x=0123456789abcdef; while :; do x=$x$x; done";

    private static final long PATIENCE_NANOS = TimeUnit.SECONDS.toNanos(90);
    private static final long POLL_MILLIS = 100;

    private final Members members;
    private final DomainRef domain;

    /** {@code domain}: one that stays. */
    Shortages(Members members, DomainRef domain) {
        this.members = members;
        this.domain = domain;
    }

    /** It may have hardly more memory than it has, and something beside it takes that: the kernel kills the member. */
    void ofMemory(String id) throws IOException, InterruptedException {
        TraplineContainer container = members.container(id);
        HostCommands.killFirst(container.pid());
        container.limitMemory(HostCommands.memoryInUse(container.pid()) + LITTLE_BYTES);
        long deadlineNanos = System.nanoTime() + PATIENCE_NANOS;
        while (!isDead(id)) {
            if (System.nanoTime() > deadlineNanos) {
                throw new IOException("the kernel has not killed " + id + " for its memory");
            }
            members.besides(id, HOARD);
            TimeUnit.MILLISECONDS.sleep(POLL_MILLIS);
        }
        if (!Boolean.TRUE.equals(container.state().getOOMKilled())) {
            throw new IOException(id + " has ended, and not for its memory: exit code " + members.exit(id));
        }
    }

    /** It has as much again as there is, and is started. */
    void noMoreOfMemory(String id) {
        members.container(id).limitMemory(AMPLE_BYTES);
        members.startAgain(id);
    }

    /** The disk of a coordinator is full; changes are made until it needs more room than its log has set aside. */
    void ofDisk(String id) throws IOException, InterruptedException {
        members.disk(id).fill();
        try (Changes changes = Changes.begin(members.services(), domain)) {
            long deadlineNanos = System.nanoTime() + PATIENCE_NANOS;
            while (!isDead(id)) {
                if (System.nanoTime() > deadlineNanos) {
                    throw new IOException(
                            id + " has a full disk and has not met with it in " + changes.made() + " changes");
                }
                TimeUnit.MILLISECONDS.sleep(POLL_MILLIS);
            }
        }
        if (!members.container(id).getLogs().contains("the log cannot be written: ")) {
            throw new IOException(id + " has ended, and does not say that its log cannot be written");
        }
    }

    /** There is room again, and it is started. */
    void noMoreOfDisk(String id) throws IOException, InterruptedException {
        members.disk(id).free();
        members.startAgain(id);
    }

    private boolean isDead(String id) {
        return members.state(id).equals("dead");
    }
}

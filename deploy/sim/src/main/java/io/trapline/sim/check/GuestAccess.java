package io.trapline.sim.check;

import io.trapline.model.AccessAttributes;
import io.trapline.node.p2m.AccessSplitter;
import java.util.Map;
import java.util.Optional;

/** An access as its guest submitted it, and what has become of it. */
public final class GuestAccess {
    private static final int NOT_POSTED = -1;

    final AccessKey key;
    final byte attributes;
    final long address;
    final long data;
    final int count;
    final int window;
    final long submittedNanos;
    final long timeoutNanos;

    /** Shards that have not finished it. */
    int shardsLeft;
    /** A server has said how it ended; its shard may not know yet. */
    boolean isEnded;
    /** The node has told an outcome of it. */
    boolean answered;

    long answer;
    byte errno;

    /** Its guest has heard an outcome of it. */
    boolean isHeard;

    long heard;
    byte heardErrno;
    /** It has taken effect at least once: on a page, or an emulator has carried it out (A3). */
    boolean hasTakenEffect;
    /** A server that has it as a posted write which was acknowledged (F3). */
    int postedAt = NOT_POSTED;

    private long postedGeneration;

    /** It came back and is on its way to a server, which has not said yet that it has it (F5). */
    boolean isMoving;

    /** Accesses of its vCPU up to there were with an emulator when it was given back: it is overtaken (F5). */
    long overtakenThrough;

    /** Its emulator does not carry it out, as it was decided too early (C4), and may carry out what is later until it is given back (F5). */
    boolean isRefused;

    /** Its gateway has said that it timed out before its turn; only what its guest hears of that counts, since it may go on at another gateway. */
    boolean isGivenUp;

    /** It was acknowledged by another server than the one that has it: what came later may be there before it (F3, F5). */
    boolean hasMoved;

    /**
     * @param shards how many shards carry it out
     * @param window of its vCPU
     */
    public GuestAccess(
            AccessKey key,
            byte attributes,
            long address,
            long data,
            int count,
            int window,
            int shards,
            long submittedNanos,
            long timeoutNanos) {
        this.key = key;
        this.attributes = attributes;
        this.address = address;
        this.data = data;
        this.count = count;
        this.window = window;
        this.submittedNanos = submittedNanos;
        this.timeoutNanos = timeoutNanos;
        shardsLeft = shards;
    }

    boolean isWrite() {
        return AccessAttributes.isWrite(attributes);
    }

    boolean isMem() {
        return AccessAttributes.kind(attributes) == AccessAttributes.MEM;
    }

    int sizeBytes() {
        return AccessAttributes.sizeBytes(attributes);
    }

    boolean isDf() {
        return AccessAttributes.isDf(attributes);
    }

    /** Whether it is carried out part by part (A2). */
    boolean isCut() {
        return isMem() && !AccessSplitter.isOnePart(address, sizeBytes(), count, isDf());
    }

    /** Whether nothing that comes later has to wait for it (A3). */
    boolean hasOutcome() {
        return isDone() || isGivenUp;
    }

    /** Whether its guest has an outcome, or a shard that it lies in does. */
    boolean isDone() {
        return answered || shardsLeft == 0;
    }

    boolean isPosted() {
        return postedAt != NOT_POSTED;
    }

    /** Whether the server that has it is not among those that there are: their generations, by id. */
    boolean isPostedAtNone(Map<Integer, Long> present) {
        return isPosted() && present.getOrDefault(postedAt, 0L) != postedGeneration;
    }

    /** A server has it as a posted write, or is passed it as one. */
    void posted(int server, long generation) {
        postedAt = server;
        postedGeneration = generation;
    }

    /** It comes back from the server that has it, and goes to that one. */
    void returns(int server, long generation) {
        isMoving = true;
        hasMoved |= postedAt != server || postedGeneration != generation;
        posted(server, generation);
    }

    void notPosted() {
        postedAt = NOT_POSTED;
    }

    /** Under which number of which stream it was submitted. */
    public AccessKey key() {
        return key;
    }

    /** What its guest has heard of it; empty before it has. */
    public Optional<Outcome> outcome() {
        return isHeard ? Optional.of(new Outcome(heard, heardErrno)) : Optional.empty();
    }

    /** Whether it has taken effect, and cannot be lost any more with one host. */
    public boolean isCarriedOut() {
        return hasTakenEffect;
    }

    /** What an access has come to: what was read, or why it failed. */
    public record Outcome(long data, byte errno) {}

    /** For a reader of a trace. */
    public String text() {
        return key + (isWrite() ? " write" : " read") + sizeBytes() + (count == 1 ? "" : "x" + count)
                + (isDf() ? " down" : "") + (AccessAttributes.isPosted(attributes) ? " posted" : "") + " at "
                + Long.toHexString(address) + (isWrite() ? " = " + Long.toHexString(data) : "");
    }

    @Override
    public String toString() {
        return text();
    }
}

package io.trapline.node.p2m;

import io.trapline.model.Gfn;
import io.trapline.model.Gpa;
import io.trapline.model.Pure;
import io.trapline.node.replica.StateImage;

/**
 * Cuts one MEM access into the parts in which it is carried out, page by page and in order (A2). One shard's thread uses one over
 * and over: nothing is allocated.
 *
 * <p>Repetitions that lie whole in one page are one part. One that crosses into the next page is cut: the bytes of the lower page
 * first, on each side the largest power of two first (Xen's {@code hvmemul_linear_mmio_access} and
 * {@code hvmemul_phys_mmio_access}). {@code df} orders the repetitions, never the bytes of one.
 *
 * <pre>{@code
 * splitter.start(address, sizeBytes, count, df);
 * while (splitter.next()) { … splitter.address(), splitter.count() … }
 * }</pre>
 */
@Pure
public final class AccessSplitter {
    private static final int PAGE_BYTES = 1 << Gfn.PAGE_SHIFT;
    private static final int PART_SHIFT = 32;
    private static final int REPETITION_SHIFT = 4;
    private static final int BYTE_MASK = (1 << REPETITION_SHIFT) - 1;

    private long base;
    private int elementBytes;
    private int total;
    private boolean df;

    private int nextPart;
    private int nextRepetition;
    private int nextByte;

    private int part;
    private int repetition;
    private int byteOffset;
    private long address;
    private int sizeBytes;
    private int count;

    /**
     * Begins an access.
     *
     * @param address of the first repetition, gpa in bytes
     * @param elementBytes 1, 2, 4 or 8
     * @param total repetitions, 1 … 2^20
     * @param df whether the addresses of the repetitions descend
     */
    public void start(long address, int elementBytes, int total, boolean df) {
        this.base = address;
        this.elementBytes = elementBytes;
        this.total = total;
        this.df = df;
        seek(0);
    }

    /** Goes back or ahead in the access that was started: {@link #next} then gives the part whose {@link #position} this was. */
    public void seek(long position) {
        nextPart = (int) (position >>> PART_SHIFT);
        nextRepetition = (int) position >>> REPETITION_SHIFT;
        nextByte = (int) position & BYTE_MASK;
    }

    /** Steps to the next part; false when there is none. */
    public boolean next() {
        if (nextRepetition >= total) {
            return false;
        }
        part = nextPart++;
        repetition = nextRepetition;
        byteOffset = nextByte;
        long element = df ? base - (long) repetition * elementBytes : base + (long) repetition * elementBytes;
        int inPage = (int) element & (PAGE_BYTES - 1);
        if (inPage + elementBytes <= PAGE_BYTES) {
            takeWholeRepetitions(element, inPage);
        } else {
            takePiece(element, PAGE_BYTES - inPage);
        }
        return true;
    }

    /** The part's number, from 0 over the whole access. */
    public int part() {
        return part;
    }

    /** Of the part's first repetition or of the piece, gpa in bytes. */
    public long address() {
        return address;
    }

    /** Of one element or of the piece: 1, 2, 4 or 8. */
    public int sizeBytes() {
        return sizeBytes;
    }

    /** How many repetitions the part holds, 1 and up; 1 for a piece. */
    public int count() {
        return count;
    }

    /** The part's first repetition, or the one that the piece belongs to; from 0 in the order of the access. */
    public int repetition() {
        return repetition;
    }

    /** Where in its repetition a piece starts, in bytes; 0 for whole repetitions. */
    public int byteOffset() {
        return byteOffset;
    }

    /** Whether no part follows. */
    public boolean isLast() {
        return nextRepetition >= total;
    }

    /** The part's place, for {@link #seek}. */
    public long position() {
        return ((long) part << PART_SHIFT) | ((long) repetition << REPETITION_SHIFT) | byteOffset;
    }

    /** Lowest gpa that the part touches. */
    public long lowest() {
        return lowest(address, sizeBytes, count, df);
    }

    /** Highest gpa that the part touches, inclusive. */
    public long highest() {
        return highest(address, sizeBytes, count, df);
    }

    /** How far the part's bytes are behind (with df: may be before) the start of a data_is_ptr buffer, which goes the way of the addresses. */
    public long bufferOffset() {
        long whole = (long) repetition * elementBytes;
        return (df ? -whole : whole) + byteOffset;
    }

    /** What a write of the value writes in this part. */
    public long writeData(long value) {
        return (value >>> (8 * byteOffset)) & mask(sizeBytes);
    }

    /** The access' value so far, with what this part has read put in: of a REP, the last element's (A1). */
    public long mergeRead(long soFar, long partValue) {
        long piece = (partValue & mask(sizeBytes)) << (8 * byteOffset);
        return byteOffset == 0 ? piece : soFar | piece;
    }

    /** Whether the access lies in one page, and thus is its own and only part. */
    public static boolean isOnePart(long address, int sizeBytes, int count, boolean df) {
        return (lowest(address, sizeBytes, count, df) ^ highest(address, sizeBytes, count, df)) >>> Gfn.PAGE_SHIFT == 0;
    }

    /** Whether every byte of all repetitions is a guest physical address, 0 … 2^52 - 1 (A1). */
    public static boolean isInside(long address, int sizeBytes, int count, boolean df) {
        return Gpa.isValid(address)
                && Gpa.isValid(lowest(address, sizeBytes, count, df))
                && Gpa.isValid(highest(address, sizeBytes, count, df));
    }

    /** Lowest gpa of all repetitions (R2); below 0 where they descend past 0. */
    public static long lowest(long address, int sizeBytes, int count, boolean df) {
        return df ? address - (long) (count - 1) * sizeBytes : address;
    }

    /** Highest gpa of all repetitions, inclusive (R2). */
    public static long highest(long address, int sizeBytes, int count, boolean df) {
        return (df ? address : address + (long) (count - 1) * sizeBytes) + sizeBytes - 1;
    }

    private void takeWholeRepetitions(long element, int inPage) {
        int fit = df ? inPage / elementBytes + 1 : (PAGE_BYTES - inPage) / elementBytes;
        address = element;
        sizeBytes = elementBytes;
        count = Math.min(fit, total - repetition);
        nextRepetition = repetition + count;
        nextByte = 0;
    }

    private void takePiece(long element, int lowerBytes) {
        int left = byteOffset < lowerBytes ? lowerBytes - byteOffset : elementBytes - byteOffset;
        address = element + byteOffset;
        sizeBytes = Integer.highestOneBit(left);
        count = 1;
        nextByte = byteOffset + sizeBytes;
        if (nextByte == elementBytes) {
            nextByte = 0;
            nextRepetition = repetition + 1;
        }
    }

    private static long mask(int sizeBytes) {
        return -1L >>> (64 - 8 * sizeBytes);
    }

    /** All that a fresh copy has to have of it, both ways (D-24). */
    public void image(StateImage image) {
        nextPart = image.of(nextPart);
        nextRepetition = image.of(nextRepetition);
        nextByte = image.of(nextByte);
        part = image.of(part);
        repetition = image.of(repetition);
        byteOffset = image.of(byteOffset);
        address = image.of(address);
        sizeBytes = image.of(sizeBytes);
        count = image.of(count);
    }
}

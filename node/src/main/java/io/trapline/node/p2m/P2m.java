package io.trapline.node.p2m;

import io.trapline.model.Errno;
import io.trapline.model.Gfn;
import io.trapline.model.Limit;
import io.trapline.model.MemType;
import io.trapline.model.Pure;
import io.trapline.model.Refusal;
import io.trapline.model.TypeRun;
import io.trapline.node.replica.StateImage;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * One shard of a domain's P2M: the types and the contents of its pages (T1 – T8). Owned by the shard's actor; called by one thread at a
 * time. A gfn or gpa outside the shard, or anything after {@link #close}, is a bug of the caller and throws.
 *
 * <p>What it costs follows runs and chunks, not pages: a shard that nobody typed or wrote is a few hundred bytes.
 */
@Pure
public final class P2m {
    private final long firstGfn;
    private final MemoryBudget budget;
    private final PageTypes types;
    private final PageContents contents;
    // -1 once closed: no frame is in the shard any more.
    private long lastGfn;
    private long pages;
    private HoleTypes holes = HoleTypes.HOLES;

    /**
     * @param firstGfn the shard's first frame, a multiple of 512
     * @param lastGfn its last frame, inclusive; 2^40 - 1 for the domain's last shard
     * @param nrPages pages of the whole domain; those of them that lie in the shard are RAM_RW and zero (T1), what is above are holes
     */
    public P2m(long firstGfn, long lastGfn, long nrPages, MemoryBudget budget) {
        if (firstGfn % PageTypes.CHUNK_PAGES != 0
                || !Gfn.isValid(firstGfn)
                || lastGfn < firstGfn
                || lastGfn > Gfn.MAX) {
            throw new IllegalArgumentException("shard " + firstGfn + " … " + lastGfn);
        }
        this.firstGfn = firstGfn;
        this.lastGfn = lastGfn;
        this.budget = budget;
        pages = Math.clamp(nrPages - firstGfn, 0L, lastGfn - firstGfn + 1);
        types = new PageTypes(pages, budget);
        contents = new PageContents(PageTypes.chunksOf(pages), budget);
    }

    /** The shard's first frame. */
    public long firstGfn() {
        return firstGfn;
    }

    /** The shard's last frame, inclusive. */
    public long lastGfn() {
        return lastGfn;
    }

    /** Code of the frame's type. No allocation. */
    public byte typeOf(long gfn) {
        long page = gfn - firstGfn;
        if (page >= 0 && page < pages) {
            return types.typeOf(page);
        }
        checkInside(gfn);
        return holes.typeOf(gfn);
    }

    /**
     * Whether the runs may be carried out, one after the other (T4, T5, T6); each lies wholly in the shard. EINVAL: metadata
     * {@code first_gfn} is the first frame that refuses. ENOSPC: more scattered types than there may be.
     */
    public Optional<Refusal> checkTypes(List<TypeRun> runs) {
        TypePlan plan = plan(runs);
        return plan.refusal().isPresent() ? plan.refusal() : checkRoom(plan.runs());
    }

    /**
     * Carries the runs out, one after the other. {@link #checkTypes} must have let them pass, and no other change come between: throws where
     * a type refuses, and has then changed nothing.
     */
    public void applyTypes(List<TypeRun> runs) {
        TypePlan plan = plan(runs);
        plan.refusal().ifPresent(refusal -> {
            throw new IllegalStateException("not checked: " + refusal.message());
        });
        List<TypeRun> net = plan.runs();
        for (TypeRun run : net) {
            long last = Math.min(run.lastGfn() - firstGfn, pages - 1);
            if (run.firstGfn() - firstGfn <= last) {
                setPages(run.firstGfn() - firstGfn, last, run.type());
            }
        }
        holes = holes.with(net, firstGfn + pages);
    }

    /** Turns all pages of {@code ioreq_server[x]} into RAM_RW (C5). Never refused, and makes no table. */
    public void resetType(int x) {
        byte type = MemType.ioreqServer(x).code();
        long end;
        for (long page = 0; page < pages; page = end + 1) {
            end = types.runEnd(page, pages - 1);
            if (types.typeOf(page) == type) {
                setPages(page, end, MemType.RAM_RW);
            }
        }
    }

    /** The types of frames from the first one on, as the longest runs of one type, at most so many; the last ends at the shard's end. */
    public List<TypeRun> listTypes(long first, long count, int maxRuns) {
        checkInside(first);
        long last = first + Math.min(count - 1, lastGfn - first);
        List<TypeRun> runs = new ArrayList<>();
        long end;
        for (long next = first; next <= last && runs.size() < maxRuns; next = end + 1) {
            byte type = typeOf(next);
            end = runEnd(next, last);
            if (end < last && typeOf(end + 1) == type) {
                // The domain's last pages and the frames above them are kept apart.
                end = runEnd(end + 1, last);
            }
            runs.add(new TypeRun(next, end - next + 1, MemType.ofCode(type)));
        }
        return runs;
    }

    /** 1, 2, 4 or 8 bytes of a page with memory, little endian, the rest zero. The access lies in one page. */
    public long read(long gpa, int sizeBytes) {
        return contents.read(offset(gpa), sizeBytes);
    }

    /** Writes the low bytes of the value into a page with memory. The access lies in one page. False: no memory left (ENOSPC). */
    public boolean write(long gpa, int sizeBytes, long value) {
        return contents.write(offset(gpa), sizeBytes, value);
    }

    /** Whether segments of the shard, in bytes, lie in pages with memory (F2). EINVAL: metadata {@code first_gfn}. */
    public Optional<Refusal> checkSegments(long[] gpa, int[] sizeBytes) {
        for (int i = 0; i < gpa.length; i++) {
            long last = (gpa[i] + sizeBytes[i] - 1) >>> Gfn.PAGE_SHIFT;
            long next = gpa[i] >>> Gfn.PAGE_SHIFT;
            while (next <= last) {
                byte type = typeOf(next);
                if (!holdsMemory(type)) {
                    return Optional.of(noMemoryAt(next, type));
                }
                next = runEnd(next, last) + 1;
            }
        }
        return Optional.empty();
    }

    /**
     * {@link #checkSegments}, and takes the memory that writing them needs, so that {@link #writeBytes} of them cannot fail. ENOSPC: there is
     * none left; nothing has been taken.
     */
    public Optional<Refusal> reserveSegments(long[] gpa, int[] sizeBytes) {
        Optional<Refusal> refusal = checkSegments(gpa, sizeBytes);
        if (refusal.isPresent()) {
            return refusal;
        }
        List<Integer> taken = new ArrayList<>();
        for (int i = 0; i < gpa.length; i++) {
            int last = chunkOf(gpa[i] + sizeBytes[i] - 1);
            for (int chunk = chunkOf(gpa[i]); chunk <= last; chunk++) {
                if (contents.has(chunk)) {
                    continue;
                }
                if (contents.take(chunk) == null) {
                    taken.forEach(contents::giveBack);
                    return Optional.of(noMemoryLeft());
                }
                taken.add(chunk);
            }
        }
        return Optional.empty();
    }

    /** Copies bytes that {@link #checkSegments} let pass out of the pages, across pages. */
    public void readBytes(long gpa, byte[] to, int index, int sizeBytes) {
        contents.read(segmentOffset(gpa, sizeBytes), to, index, sizeBytes);
    }

    /** Copies bytes into the pages, across pages, past every claim and RAM_RO (F2). {@link #reserveSegments} has let them pass. */
    public void writeBytes(long gpa, byte[] from, int index, int sizeBytes) {
        contents.write(segmentOffset(gpa, sizeBytes), from, index, sizeBytes);
    }

    /** The refusal that a false {@link #write} stands for. */
    public static Refusal noMemoryLeft() {
        return Refusal.of(Errno.ENOSPC, "memory: the node has none left").with("field", "memory");
    }

    /** Another copy is to be given the contents: all of them, and then what changes (D-24). Costs a bit a chunk until {@link #endCopying}. */
    public void beginCopying() {
        contents.beginCopying();
    }

    /** No other copy is given anything any more. */
    public void endCopying() {
        contents.endCopying();
    }

    /** How many chunks another copy has yet to be given. */
    public int unsent() {
        return contents.unsent();
    }

    /** One of them, at or behind {@code from} where there is one: it counts as given until it changes. */
    public int takeUnsent(int from) {
        return contents.takeUnsent(from);
    }

    /** What is in the chunk; empty where nothing ever was, or what was is gone. */
    public byte[] chunk(int chunk) {
        if (!contents.has(chunk)) {
            return new byte[0];
        }
        byte[] bytes = new byte[MemoryBudget.CHUNK_BYTES];
        contents.read((long) chunk * MemoryBudget.CHUNK_BYTES, bytes, 0, bytes.length);
        return bytes;
    }

    /**
     * Makes these bytes a piece of the chunk, or, where there are none, lets go of what is in it. Throws {@link IllegalStateException} where there is no memory,
     * {@link IllegalArgumentException} where no such piece is.
     */
    public void putChunk(int chunk, int offset, byte[] bytes) {
        boolean isPiece = 0 <= offset && offset <= MemoryBudget.CHUNK_BYTES - bytes.length;
        if (chunk < 0 || chunk >= contents.length() || !isPiece) {
            throw new IllegalArgumentException("chunk " + chunk + ": " + bytes.length + " bytes at " + offset);
        }
        if (bytes.length == 0) {
            contents.giveBack(chunk);
            return;
        }
        if (contents.take(chunk) == null) {
            throw new IllegalStateException(noMemoryLeft().message());
        }
        contents.write((long) chunk * MemoryBudget.CHUNK_BYTES + offset, bytes, 0, bytes.length);
    }

    /** All but the contents that a fresh copy has to have, both ways (D-24). */
    public void image(StateImage image) {
        types.image(image);
        holes = holes.image(image);
    }

    /** Gives all memory back. Anything called afterwards, but for this, throws. */
    public void close() {
        pages = 0;
        lastGfn = -1;
        types.close();
        contents.close();
        holes = HoleTypes.HOLES;
    }

    /** The last frame, up to the limit, of the run of one type that begins with the frame; it may end early where the holes begin. */
    long runEnd(long gfn, long limit) {
        long page = gfn - firstGfn;
        if (page < pages) {
            return firstGfn + types.runEnd(page, Math.min(limit - firstGfn, pages - 1));
        }
        return holes.runEnd(gfn, limit);
    }

    private TypePlan plan(List<TypeRun> runs) {
        for (TypeRun run : runs) {
            checkInside(run.firstGfn());
            checkInside(run.lastGfn());
            if (run.count() < 1) {
                throw new IllegalArgumentException("count = " + run.count());
            }
        }
        return TypePlan.of(this, runs);
    }

    /** Only tables and runs of holes grow with what callers ask for; both have a limit. Runs ascend. */
    private Optional<Refusal> checkRoom(List<TypeRun> runs) {
        int tables = types.tablesFor(runs, firstGfn);
        if (tables > 0 && !budget.allowsTables(tables)) {
            return Optional.of(noMemoryLeft());
        }
        int holeRuns = holes.with(runs, firstGfn + pages).size();
        return holeRuns <= Limit.MAX_MMIO_RUNS_PER_DOMAIN.value()
                ? Optional.empty()
                : Optional.of(Refusal.overLimit(Errno.ENOSPC, "runs", holeRuns, Limit.MAX_MMIO_RUNS_PER_DOMAIN));
    }

    private void setPages(long first, long last, MemType type) {
        types.set(first, last, type.code());
        if (type == MemType.MMIO_DM) {
            int lastChunk = (int) (last >>> PageTypes.CHUNK_SHIFT);
            for (int chunk = (int) (first >>> PageTypes.CHUNK_SHIFT); chunk <= lastChunk; chunk++) {
                if (types.typeOfChunk(chunk) == type.code()) {
                    contents.giveBack(chunk);
                }
            }
        }
    }

    private long offset(long gpa) {
        long gfn = gpa >>> Gfn.PAGE_SHIFT;
        byte type = typeOf(gfn);
        if (!holdsMemory(type)) {
            throw new IllegalStateException(noMemoryAt(gfn, type).message());
        }
        return gpa - (firstGfn << Gfn.PAGE_SHIFT);
    }

    private long segmentOffset(long gpa, int sizeBytes) {
        long last = gpa + sizeBytes - 1 - (firstGfn << Gfn.PAGE_SHIFT);
        if (last >>> Gfn.PAGE_SHIFT >= pages) {
            throw new IllegalStateException("gpa = " + gpa + ", " + sizeBytes + " bytes: not in the shard's pages");
        }
        return offset(gpa);
    }

    private int chunkOf(long gpa) {
        return (int) (((gpa >>> Gfn.PAGE_SHIFT) - firstGfn) >>> PageTypes.CHUNK_SHIFT);
    }

    private static boolean holdsMemory(byte type) {
        return type != MemType.MMIO_DM.code() && type != MemType.HOLE.code();
    }

    private static Refusal noMemoryAt(long gfn, byte type) {
        return Refusal.of(
                        Errno.EINVAL,
                        "gfn = " + gfn + ": " + MemType.ofCode(type).text() + " holds no memory")
                .with("first_gfn", gfn);
    }

    private void checkInside(long gfn) {
        if (gfn < firstGfn || gfn > lastGfn) {
            throw new IllegalStateException(
                    lastGfn < 0 ? "the shard is closed" : "gfn = " + gfn + ": " + firstGfn + " … " + lastGfn);
        }
    }
}

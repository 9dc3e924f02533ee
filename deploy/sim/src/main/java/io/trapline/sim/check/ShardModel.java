package io.trapline.sim.check;

import io.trapline.model.Errno;
import io.trapline.model.MemType;
import io.trapline.node.p2m.DecisionTable;
import io.trapline.node.p2m.P2m;
import io.trapline.node.p2m.ShardMap;
import io.trapline.node.protocol.VcpuOpening;
import io.trapline.node.rows.KeyRows;
import io.trapline.node.rows.OutcomeRows;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * One shard, the naive way: which access is where, what its pages hold. It is told what the shard's rules are told before they are, and what they do as they
 * do it; what they did to a page follows from that, and must be what the pages hold after each step (A3, A4, C4, T3).
 */
public final class ShardModel {
    private final int shard;
    private final ShardMap map;
    private final History history;
    private final Promises promises;
    private final PageModel pages;
    private final ReturnedPosts returned;
    private final Map<AccessKey, ShardRow> rows = new HashMap<>();
    /** What servers have said in this step. */
    private final Map<AccessKey, Said> said = new HashMap<>();

    /** By vCPU: older epochs are let go, and what comes of them still (A6). */
    private final Map<Integer, Long> fencedBelow = new HashMap<>();

    /** By id, of the servers that there are. */
    private Map<Integer, Long> generations = Map.of();

    private boolean leased = true;
    private boolean inAnyOrder;

    private record Said(int server, long data, byte errno) {}

    /** Of the pages {@code gfns}, which nobody but guests and emulators of the simulation writes. */
    public ShardModel(int shard, ShardMap map, History history, Promises promises, P2m p2m, long... gfns) {
        this.shard = shard;
        this.map = map;
        this.history = history;
        this.promises = promises;
        pages = new PageModel(p2m, gfns);
        returned = new ReturnedPosts(pages);
    }

    // What the rules are told.

    /** Whether the node serves: while it does not, nothing is decided (D-11). */
    public void leased(boolean isLeased) {
        leased = isLeased;
    }

    /** An access comes, or comes again. */
    public void accepts(AccessKey key) {
        if (key.epoch() < fencedBelow.getOrDefault(key.vcpu(), 0L)) {
            return;
        }
        rows.computeIfAbsent(key, fresh -> {
            GuestAccess access = history.of(key);
            return new ShardRow(access, access.isCut() ? new CutModel(access, map, shard) : null);
        });
    }

    /** A server has answered. */
    public void completes(int server, OutcomeRows outcomes) {
        for (int i = 0; i < outcomes.size(); i++) {
            IoreqKey key = IoreqKey.of(outcomes.keys(), i);
            ShardRow row = rows.get(key.access());
            if (row != null && row.access.postedAt == server) {
                // It is what another copy of the shard was told, and has asked about (F3).
                row.access.notPosted();
            }
            if (row == null || !row.isAt(server, key.part())) {
                continue;
            }
            said.put(key.access(), new Said(server, outcomes.data(i), outcomes.errno(i)));
            if (row.cut != null && outcomes.errno(i) == Errno.OK) {
                row.cut.read(outcomes.data(i));
                row.cut.next();
                row.queue();
            }
        }
    }

    /** A server has queued posted writes (F3). */
    public void queues(int server, KeyRows keys) {
        for (int i = 0; i < keys.size(); i++) {
            IoreqKey key = IoreqKey.of(keys, i);
            ShardRow row = rows.get(key.access());
            if (row != null && row.access.postedAt == server) {
                row.access.isMoving = false;
            }
            if (row != null && row.isAt(server, key.part())) {
                said.put(key.access(), new Said(server, 0, Errno.OK));
                row.access.posted(server, generation(server));
            }
        }
    }

    /** A server gives rows back. */
    public void takesBack(int server, KeyRows keys) {
        for (int i = 0; i < keys.size(); i++) {
            IoreqKey key = IoreqKey.of(keys, i);
            ShardRow row = rows.get(key.access());
            if (row != null && row.isAt(server, key.part())) {
                row.queue();
            } else if (row != null && row.access.postedAt == server) {
                returned.add(row.access);
            }
        }
    }

    /** A server is done with posted writes. */
    public void finishesPosted(KeyRows keys) {
        for (int i = 0; i < keys.size(); i++) {
            ShardRow row = rows.get(IoreqKey.of(keys, i).access());
            if (row != null) {
                row.access.notPosted();
            }
        }
    }

    /** The registry has moved on; {@code present}: the generations of the servers that there are, by id. */
    public void applies(DecisionTable table, List<VcpuOpening> opened, Map<Integer, Long> present) {
        generations = Map.copyOf(present);
        returned.table(table);
        for (VcpuOpening opening : opened) {
            fencedBelow.merge(opening.vcpu(), opening.epoch(), Math::max);
            rows.values()
                    .removeIf(row -> row.access.key.vcpu() == opening.vcpu()
                            && row.access.key.epoch() < opening.epoch()
                            && !row.access.isPosted());
        }
        // What servers that are gone had goes on here: nobody is left who could still answer it (F5).
        for (ShardRow row : rows.values()) {
            if (row.isGone(present)) {
                row.queue();
            }
            if (row.access.isPostedAtNone(present)) {
                returned.add(row.access);
            }
        }
    }

    private long generation(int server) {
        return generations.getOrDefault(server, 0L);
    }

    /** F2: an emulator writes a page. */
    public void emulatorWrites(long gpa, int sizeBytes, long value) {
        pages.write(gpa, sizeBytes, value);
    }

    // What they do.

    /** An ioreq is passed to a server. */
    public void forwarded(
            IoreqKey key, int server, byte attributes, byte claimedType, long address, long data, int count) {
        GuestAccess access = history.of(key.access());
        promises.mayBePassed(access, server, claimedType, address, count, attributes);
        if (returned.isPassedOn(access, server, generation(server))) {
            return;
        }
        returned.carryOutBefore(access);
        ShardRow row = row(key.access());
        if (row.state != ShardRow.QUEUED && (row.cut == null || row.state != ShardRow.AT_SERVER)) {
            throw new Violation("A4", "%s is passed to server %d and is %s", access, server, row);
        }
        GuestAccess waiting = history.earlier(access, earlier -> !mayBeOvertaken(earlier, row, server));
        if (waiting != null) {
            throw new Violation("A3", "%s is passed to server %d before %s has its outcome", access, server, waiting);
        }
        carryOutUpTo(row, key.part());
        checkContent(row, address, data, count);
        said.remove(key.access());
        row.pass(server, generation(server), key.part());
    }

    private boolean mayBeOvertaken(GuestAccess earlier, ShardRow row, int server) {
        ShardRow before = rows.get(earlier.key);
        boolean isThereToo = before != null && row.cut == null && before.cut == null && before.isAt(server, 0);
        return earlier.hasOutcome() || isThereToo;
    }

    private static void checkContent(ShardRow row, long address, long data, int count) {
        GuestAccess access = row.access;
        CutModel cut = row.cut;
        long mask = -1L >>> (64 - 8 * (cut == null ? access.sizeBytes() : cut.sizeBytes()));
        long wanted = !access.isWrite() ? 0 : (cut == null ? access.data : cut.writeData()) & mask;
        boolean same = address == (cut == null ? access.address : cut.address())
                && count == (cut == null ? access.count : cut.count())
                && data == wanted;
        if (!same) {
            throw new Violation("A2", "%s is passed as %x x%d at %x", access, data, count, address);
        }
    }

    /** An access has its outcome, or has had it before. */
    public void answered(AccessKey key, long data, byte errno) {
        if (errno == Errno.ESTALE.number()) {
            return;
        }
        ShardRow row = row(key);
        if (row.state == ShardRow.DONE) {
            if (row.data != data || row.errno != errno) {
                throw new Violation(
                        "A4", "%s had %x errno %d and now %x errno %d", row.access, row.data, row.errno, data, errno);
            }
            return;
        }
        Said by = said.remove(key);
        if (errno == Errno.EAGAIN.number()) {
            rows.remove(key);
        } else if (by != null && row.cut == null) {
            if (by.data != data || by.errno != errno) {
                throw new Violation(
                        "F2", "%s: server %d said %x, the guest gets %x", row.access, by.server, by.data, data);
            }
            row.finish(data, errno);
        } else {
            finish(row, data, errno);
        }
    }

    private void finish(ShardRow row, long data, byte errno) {
        if (errno == Errno.OK) {
            if (row.state == ShardRow.AT_SERVER && row.cut == null) {
                throw new Violation("A4", "%s has an outcome, and %s", row.access, row);
            }
            long value = carryOutUpTo(row, Integer.MAX_VALUE);
            if (value != data && !carryOutPosts()) {
                throw new Violation("T3", "%s reads %x, the page holds %x", row.access, data, value);
            }
        }
        row.finish(data, errno);
    }

    /** The parts before that one were carried out on pages; the value that was read so far. */
    private long carryOutUpTo(ShardRow row, int part) {
        GuestAccess access = row.access;
        CutModel cut = row.cut;
        if (cut == null) {
            return part == 0 ? 0 : carryOut(access, access.address, access.sizeBytes(), access.count, access.data);
        }
        while (cut.hasPart() && cut.part() < part) {
            cut.read(carryOut(access, cut.address(), cut.sizeBytes(), cut.count(), cut.writeData()));
            cut.next();
        }
        if (part != Integer.MAX_VALUE && (!cut.hasPart() || cut.part() != part)) {
            throw new Violation("A2", "%s has no part %d here", access, part);
        }
        return cut.value();
    }

    private long carryOut(GuestAccess access, long address, int sizeBytes, int count, long data) {
        GuestAccess waiting = history.earlier(access, earlier -> !earlier.hasOutcome());
        if (waiting != null) {
            throw new Violation("A3", "%s takes effect before %s", access, waiting);
        }
        returned.carryOutBefore(access);
        access.hasTakenEffect = true;
        byte type = access.isMem() ? pages.typeOf(address) : MemType.HOLE.code();
        int x = MemType.isIoreqServer(type) ? type - MemType.IOREQ_SERVER_CODE : -1;
        promises.mayBeCarriedOut(access, x);
        if (type == MemType.HOLE.code()) {
            return access.isWrite() ? 0 : -1L >>> (64 - 8 * sizeBytes);
        }
        if (!access.isWrite()) {
            return pages.read(access.attributes, address, sizeBytes, count);
        }
        if (type != MemType.RAM_RO.code()) {
            pages.write(access.attributes, address, sizeBytes, count, data);
        }
        return 0;
    }

    private ShardRow row(AccessKey key) {
        ShardRow row = rows.get(key);
        if (row == null) {
            throw new Violation("A6, A4", "%s is dealt with, and is not here", key);
        }
        return row;
    }

    /** A step has ended: the pages hold what they must. */
    public void check() {
        boolean some = carryOutPosts();
        for (ShardRow row : rows.values()) {
            some |= carryOutQuietly(row);
        }
        pages.check(some);
        inAnyOrder = false;
        said.clear();
    }

    /** Those of several vCPUs in one step come in an order of which nobody tells; whether that is so in this step. */
    private boolean carryOutPosts() {
        inAnyOrder |= leased && returned.carryOutAll(this::waits);
        return inAnyOrder;
    }

    /** Whether something before the access has no outcome here, or is a posted write on its way. */
    private boolean waits(GuestAccess access) {
        return rows.values().stream()
                .filter(row -> row.access.key.isBefore(access.key))
                .anyMatch(row -> returned.isUnderWay(row.access)
                        || (row.state != ShardRow.DONE && row.access.key.epoch() == access.key.epoch()));
    }

    /** An access that goes part by part may stand before a part that must wait for a server: its parts before that were carried out, and nobody has said so. */
    private boolean carryOutQuietly(ShardRow row) {
        CutModel cut = row.cut;
        if (cut == null || !leased || row.state != ShardRow.QUEUED || !returned.mayDecide() || waits(row.access)) {
            return false;
        }
        boolean some = false;
        while (cut.hasPart() && !returned.isServers(row.access, cut.address(), cut.sizeBytes())) {
            cut.read(carryOut(row.access, cut.address(), cut.sizeBytes(), cut.count(), cut.writeData()));
            cut.next();
            some |= row.access.isWrite();
        }
        return some;
    }

    // For the checks of servers.

    /** Whether the shard believes that the server has the ioreq; true also where it has let it go, which its server may not know yet. */
    boolean isAt(IoreqKey key, int server) {
        ShardRow row = rows.get(key.access());
        return row == null || row.access.postedAt == server || row.isAt(server, key.part());
    }

    /** Where an access stands, for a reader. */
    public @Nullable String where(AccessKey key) {
        ShardRow row = rows.get(key);
        return row == null ? null : "shard " + shard + ": " + row;
    }
}

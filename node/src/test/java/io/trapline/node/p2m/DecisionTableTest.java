package io.trapline.node.p2m;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.trapline.model.AccessAttributes;
import io.trapline.model.AccessFlags;
import io.trapline.model.Gpa;
import io.trapline.model.IoreqAttributes;
import io.trapline.model.MemType;
import io.trapline.model.RangeSet;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class DecisionTableTest {
    private static final RangeSet NO = RangeSet.EMPTY;

    private static RangeSet ranges(long... bounds) {
        RangeSet set = NO;
        for (int i = 0; i < bounds.length; i += 2) {
            set = ((RangeSet.Changed) set.map(bounds[i], bounds[i + 1])).ranges();
        }
        return set;
    }

    private static String text(int decision) {
        if (DecisionTable.isServer(decision)) {
            byte claimed = DecisionTable.claimedType(decision);
            return DecisionTable.server(decision)
                    + (claimed == IoreqAttributes.BY_RANGE ? " by range" : " by " + claimed);
        }
        return switch (decision) {
            case DecisionTable.MEMORY -> "memory";
            case DecisionTable.DROP -> "drop";
            case DecisionTable.ONES -> "ones";
            default -> throw new AssertionError(decision);
        };
    }

    /** Server 5 has the range of the access or not, server 9 has the claim of ioreq_server[3] or not. */
    @ParameterizedTest(name = "{0}: {1} / {2}, with a range: {3} / {4}")
    @CsvSource({
        // type, without a range: read, write; with one: read, write
        "RAM_RW,         memory, memory, memory, memory", // T2
        "RAM_RO,         memory, drop,   memory, drop", // T2
        "MMIO_DM,        ones,   drop,   5 by range, 5 by range", // T8
        "HOLE,           ones,   drop,   5 by range, 5 by range", // T8
        "MMIO_WRITE_DM,  memory, drop,   memory, 5 by range", // T8
        "IOREQ_SERVER_3, memory, memory, memory, memory", // T3: not claimed; ranges do not matter to RAM
    })
    void decidesByTypeAndRange(MemType type, String read, String write, String readInRange, String writeInRange) {
        DecisionTable without = DecisionTable.builder(1).build();
        DecisionTable with = DecisionTable.builder(1)
                .enabledServer(5, ranges(0x1000, 0x1fff), NO, NO)
                .build();

        assertThat(text(without.decide(type.code(), false, 0x1000, 0x1007))).isEqualTo(read);
        assertThat(text(without.decide(type.code(), true, 0x1000, 0x1007))).isEqualTo(write);
        assertThat(text(with.decide(type.code(), false, 0x1000, 0x1007))).isEqualTo(readInRange);
        assertThat(text(with.decide(type.code(), true, 0x1000, 0x1007))).isEqualTo(writeInRange);
    }

    @ParameterizedTest(name = "flags {0}, enabled {1}: {2} / {3}")
    @CsvSource({
        "1, true,  9 by 3, memory", // C1: READ, which Xen never implemented
        "2, true,  memory, 9 by 3",
        "3, true,  9 by 3, 9 by 3",
        "1, false, memory, memory", // T3: the claiming server is disabled
        "2, false, memory, memory",
        "3, false, memory, memory",
    })
    void decidesByClaim(int flags, boolean enabled, String read, String write) { // T3, C4
        DecisionTable.Builder builder = DecisionTable.builder(1).heldClaim(3, 9, flags);
        if (enabled) {
            builder.enabledServer(9, NO, NO, NO);
        }
        DecisionTable table =
                builder.enabledServer(5, ranges(0, Gpa.MAX), NO, NO).build();
        byte type = MemType.IOREQ_SERVER_3.code();

        assertThat(text(table.decide(type, false, 0x1000, 0x1007))).isEqualTo(read);
        assertThat(text(table.decide(type, true, 0x1000, 0x1007))).isEqualTo(write);
        byte other = MemType.IOREQ_SERVER_4.code();
        assertThat(text(table.decide(other, true, 0x1000, 0x1007)))
                .as("C3: another type")
                .isEqualTo("memory");
    }

    @Test
    void givesEachTypeToItsOwnHolder() { // C3
        DecisionTable.Builder builder = DecisionTable.builder(1);
        for (int x = 0; x < 16; x++) {
            builder.enabledServer(x * 4 + 3, NO, NO, NO).heldClaim(x, x * 4 + 3, AccessFlags.ALL);
        }
        DecisionTable table = builder.build();
        for (int x = 0; x < 16; x++) {
            byte type = MemType.ioreqServer(x).code();

            assertThat(text(table.decide(type, x % 2 == 0, 0, 0))).isEqualTo((x * 4 + 3) + " by " + x);
            assertThat(table.claimant(x, true)).isEqualTo(x * 4 + 3);
        }
    }

    @ParameterizedTest(name = "{0} … {1}: {2}")
    @CsvSource({
        "1000, 1fff, 7", // R2: 7 and 2 both, the highest wins
        "1000, 2000, 2", // 7 ends at 1fff
        "fff,  1000, 2",
        "2ff8, 2fff, 2",
        "2ff8, 3000, 2", // neighbours of one server count as one
        "3ff8, 4000, -1", // neighbours of two servers do not
        "4000, 4000, 40",
        "4ffe, 5001, -1",
        "0,    0,    -1",
        "fffffffffffff, fffffffffffff, 63",
        "ffffffffffffe, fffffffffffff, -1",
    })
    void findsTheHighestServerThatHasAllOfIt(String first, String last, int server) { // R2
        DecisionTable table = DecisionTable.builder(1)
                .enabledServer(2, ranges(0x800, 0x2fff, 0x3000, 0x3fff), NO, NO)
                .enabledServer(7, ranges(0x1000, 0x1fff), NO, NO)
                .enabledServer(40, ranges(0x4000, 0x4fff), NO, NO)
                .enabledServer(63, ranges(Gpa.MAX, Gpa.MAX), NO, NO)
                .build();

        assertThat(table.byRange(AccessAttributes.MEM, Long.parseLong(first, 16), Long.parseLong(last, 16)))
                .isEqualTo(server);
    }

    @ParameterizedTest(name = "{0} {1} {2} size {3}: {4}")
    @CsvSource({
        "PIO, read,  3f8, 1, 1 by range",
        "PIO, write, 3fc, 4, 1 by range",
        "PIO, write, 3fd, 4, drop", // R2: whole inside, or not at all
        "PIO, read,  3f7, 2, ones",
        "PIO, read,  80,  1, ones",
        "PIO, read,  ffff, 1, 2 by range",
        "PIO, read,  ffff, 2, ones",
        "PCI, write, 0001000800000010, 4, 3 by range", // 0001:00:01.0
        "PCI, read,  0001000f00000ffc, 8, 3 by range",
        "PCI, read,  0001001000000000, 4, ones",
        "PCI, write, 0000000800000000, 4, drop",
        "PCI, read,  ffffffff00000000, 4, 2 by range",
    })
    void passesPortsAndPciByRange(String kind, String direction, String address, int size, String expected) { // R2
        DecisionTable table = DecisionTable.builder(1)
                .enabledServer(1, ranges(0, Gpa.MAX), ranges(0x3f8, 0x3ff), NO)
                .enabledServer(2, NO, ranges(0xffff, 0xffff), ranges(0xffffffffL, 0xffffffffL))
                .enabledServer(3, NO, NO, ranges(0x10008, 0x1000f))
                .build();

        int decision = table.decideIo(
                kind.equals("PIO") ? AccessAttributes.PIO : AccessAttributes.PCI,
                direction.equals("write"),
                Long.parseUnsignedLong(address, 16),
                size);

        assertThat(text(decision)).isEqualTo(expected);
    }

    @ParameterizedTest(name = "seed {0}")
    @ValueSource(longs = {1, 2, 3})
    void agreesWithAskingEveryServer(long seed) { // R2
        SplittableRandom random = new SplittableRandom(seed);
        for (int round = 0; round < 300; round++) {
            RangeSet[] sets = new RangeSet[64];
            DecisionTable.Builder builder = DecisionTable.builder(round);
            int widest = 1 + random.nextInt(60);
            for (int id = 0; id < 64; id++) {
                sets[id] = NO;
                for (int i = random.nextInt(8); i > 0; i--) {
                    long start = random.nextInt(300);
                    if (sets[id].map(start, start + random.nextInt(widest)) instanceof RangeSet.Changed changed) {
                        sets[id] = changed.ranges();
                    }
                }
                if (random.nextInt(4) > 0) {
                    builder.enabledServer(id, sets[id], NO, NO);
                } else {
                    sets[id] = NO;
                }
            }
            DecisionTable table = builder.build();
            for (int ask = 0; ask < 400; ask++) {
                long first = random.nextInt(380);
                long last = first + random.nextInt(20);
                int expected = -1;
                for (int id = 0; id < 64; id++) {
                    expected = sets[id].contains(first, last) ? id : expected;
                }
                int found = table.byRange(AccessAttributes.MEM, first, last);
                if (found != expected) {
                    throw new AssertionError(first + " … " + last + " in round " + round + ": " + found);
                }
            }
        }
    }

    @Test
    void saysItsRevisionAndWhetherTheDomainRuns() { // C7, D1
        DecisionTable table =
                DecisionTable.builder(77).state(DecisionTable.State.PAUSED).build();

        assertThat(table.revision()).isEqualTo(77);
        assertThat(table.state()).isEqualTo(DecisionTable.State.PAUSED);
        assertThat(DecisionTable.builder(1).build().state()).isEqualTo(DecisionTable.State.RUNNING);
        assertThatThrownBy(() -> table.decide((byte) 0, true, 0, 0)).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> table.byRange(3, 0, 0)).isInstanceOf(IllegalArgumentException.class);
    }
}

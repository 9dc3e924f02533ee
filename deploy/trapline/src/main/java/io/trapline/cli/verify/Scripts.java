package io.trapline.cli.verify;

import io.trapline.client.Access;
import io.trapline.model.Gpa;
import java.util.SplittableRandom;

/** The scripts, each made to show one rule broken. All stay within the device's pages and the buffer's. */
final class Scripts {
    private static final int[] SIZES = {1, 2, 4, 8};
    private static final long[] WIDE = {
        Long.MIN_VALUE, -1L, Long.MIN_VALUE + 1, 0x8000000000000400L, 0xfedcba9876543210L, (1L << 53) + 1
    };

    private final DeviceWindow window;
    private final ModelMemory model;
    private final SplittableRandom random;

    Scripts(DeviceWindow window, ModelMemory model, long seed) {
        this.window = window;
        this.model = model;
        this.random = new SplittableRandom(seed);
    }

    /** Fills the device with known bytes. */
    Script fill() {
        Script script = new Script(model);
        for (int at = 0; at < window.sizeBytes(); at += 8) {
            script.then(write(at, 8, random.nextLong()));
        }
        return script;
    }

    /** Reads the whole device. */
    Script readAll() {
        Script script = new Script(model);
        for (int at = 0; at < window.sizeBytes(); at += 8) {
            script.then(read(at, 8));
        }
        return script;
    }

    Script sizesAndAlignments() {
        Script script = new Script(model);
        for (int size : SIZES) {
            for (int at = 64; at < 80; at++) {
                script.then(write(at, size, random.nextLong()))
                        .then(read(at, size))
                        .then(read(64, 8))
                        .then(read(72, 8));
            }
        }
        return script;
    }

    Script wideValues() {
        Script script = new Script(model);
        for (int i = 0; i < WIDE.length; i++) {
            script.then(write(8 * i, 8, WIDE[i]));
        }
        for (int i = 0; i < WIDE.length; i++) {
            script.then(read(8 * i, 8)).then(read(8 * i + 4, 4));
        }
        return script;
    }

    Script acrossPages() {
        Script script = new Script(model);
        for (int page = 1; page < window.pages(); page++) {
            int boundary = page * DeviceWindow.PAGE_BYTES;
            for (int size : new int[] {2, 4, 8}) {
                for (int before = 1; before < size; before++) {
                    script.then(write(boundary - before, size, random.nextLong()))
                            .then(read(boundary - before, size))
                            .then(read(boundary - 8, 8))
                            .then(read(boundary, 8));
                }
            }
        }
        return script;
    }

    Script repetitions(boolean descending) {
        Script script = new Script(model);
        for (int size : SIZES) {
            for (int count : new int[] {2, 3, 7, 64, Math.min(600, window.sizeBytes() / size)}) {
                int length = count * size;
                int low = random.nextInt(window.sizeBytes() - length + 1);
                int first = descending ? low + length - size : low;
                script.then(direct(write(first, size, random.nextLong()).repeated(count), descending))
                        .then(direct(read(first, size).repeated(count), descending))
                        .then(read(low, size))
                        .then(read(low + length - size, size));
            }
        }
        return script;
    }

    /** Repetitions that take their elements from a buffer, or put them there. */
    Script pointers() {
        Script script = new Script(model);
        for (int size : SIZES) {
            for (boolean descending : new boolean[] {false, true}) {
                int count = random.nextInt(2, 200);
                int length = count * size;
                int low = random.nextInt(window.sizeBytes() - length + 1);
                int back = descending ? length - size : 0;
                Gpa buffer = new Gpa(window.bufferGpa()
                        + random.nextInt(DeviceWindow.BUFFER_PAGES * DeviceWindow.PAGE_BYTES - length)
                        + back);
                script.then(Access.write(buffer, size, random.nextLong()))
                        .then(direct(write(low + back, size, 0).repeated(count).buffer(buffer), descending))
                        .then(read(low + back, size))
                        .then(direct(read(low + back, size).repeated(count).buffer(buffer), descending))
                        .then(Access.read(buffer, size));
            }
        }
        return script;
    }

    /** Writes and reads of few registers close behind each other: one carried out late or twice shows. */
    Script order(int accesses, int fromBytes, int sizeBytes) {
        Script script = new Script(model);
        for (int i = 0; i < accesses; i++) {
            int at = fromBytes + 8 * random.nextInt(sizeBytes / 8);
            script.then(random.nextInt(3) == 0 ? read(at, 8) : write(at, 8, random.nextLong()));
        }
        return script;
    }

    /** The same with writes that may be buffered. */
    Script posted(int accesses) {
        Script script = new Script(model);
        for (int i = 0; i < accesses; i++) {
            int at = 8 * random.nextInt(16);
            script.then(
                    random.nextInt(3) == 0
                            ? read(at, 8)
                            : write(at, 8, random.nextLong()).posted());
        }
        return script;
    }

    /**
     * Each register is read and then written, twice: a row that is carried out again although it was carried out before
     * reads what it must not see.
     */
    Script readThenWrite(int registers) {
        Script script = new Script(model);
        for (int round = 0; round < 2; round++) {
            for (int register = 0; register < registers; register++) {
                script.then(read(8 * register, 8)).then(write(8 * register, 8, random.nextLong()));
            }
        }
        return script;
    }

    /** A write, by its offset in the device. */
    Access write(int offset, int size, long value) {
        return Access.write(new Gpa(window.startGpa() + offset), size, value);
    }

    /** A read, by its offset in the device. */
    Access read(int offset, int size) {
        return Access.read(new Gpa(window.startGpa() + offset), size);
    }

    private static Access direct(Access access, boolean descending) {
        return descending ? access.descending() : access;
    }
}

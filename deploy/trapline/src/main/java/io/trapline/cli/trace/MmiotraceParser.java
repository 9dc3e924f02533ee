package io.trapline.cli.trace;

import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * Linux' mmiotrace text. A device is a mapped window, named {@code map} and the id of its mapping; a window that is mapped again, or one
 * that overlaps it, is the same device. The log names no processor: all accesses are those of vCPU 0.
 */
final class MmiotraceParser implements LineParser {
    private static final String VERSION = "20070824";

    private record Window(long first, long last, String device) {
        boolean overlaps(Window other) {
            return first <= other.last && other.first <= last;
        }
    }

    private final Map<Long, Window> mapped = new HashMap<>();
    private final Map<String, Window> devices = new LinkedHashMap<>();

    /** Whether a line looks like one of this format. */
    static boolean recognises(String line) {
        return line.startsWith("VERSION ")
                || line.startsWith("PCIDEV ")
                || line.startsWith("MAP ")
                || line.startsWith("R ")
                || line.startsWith("W ");
    }

    @Override
    public TraceFormat format() {
        return TraceFormat.MMIOTRACE;
    }

    @Override
    public void accept(String line, Trace.Builder into) {
        String[] field = line.split(" ", -1);
        switch (field[0]) {
            case "R", "W" -> access(field, into);
            case "MAP" -> map(field);
            case "UNMAP" -> unmap(field);
            case "VERSION" -> version(field);
            case "MARK", "PCIDEV", "LSPCI" -> {}
            case "UNKNOWN" -> throw new IllegalArgumentException("an access whose value mmiotrace could not tell");
            default -> throw new IllegalArgumentException("unknown keyword");
        }
    }

    private static void version(String[] field) {
        want(field, 2);
        if (!field[1].equals(VERSION)) {
            throw new IllegalArgumentException("version is " + field[1] + ", not " + VERSION);
        }
    }

    /** MAP time id physical virtual length pc pid. */
    private void map(String[] field) {
        want(field, 8);
        long id = id(field[2]);
        long first = Numbers.hex("physical", field[3]);
        long length = Numbers.hex("length", field[5]);
        long last = first + length - 1;
        if (length <= 0 || first < 0 || last < first) {
            throw new IllegalArgumentException(
                    "the window 0x" + Long.toHexString(first) + " + 0x" + Long.toHexString(length) + " is none");
        }
        if (mapped.containsKey(id)) {
            throw new IllegalArgumentException("map id " + id + " is mapped already");
        }
        Window window = new Window(first, last, "map" + id);
        for (Window known : devices.values()) {
            if (known.overlaps(window)) {
                window = new Window(first, last, known.device);
                break;
            }
        }
        mapped.put(id, window);
        Window known = window;
        devices.merge(
                window.device,
                window,
                (old, more) ->
                        new Window(Math.min(old.first, more.first), Math.max(old.last, more.last), known.device));
    }

    /** UNMAP time id pc pid. */
    private void unmap(String[] field) {
        want(field, 5);
        long id = id(field[2]);
        if (mapped.remove(id) == null) {
            throw new IllegalArgumentException("map id " + id + " is not mapped");
        }
    }

    /** R or W: width time id physical value pc pid. */
    private void access(String[] field, Trace.Builder into) {
        want(field, 8);
        long id = id(field[3]);
        Window window = mapped.get(id);
        if (window == null) {
            throw new IllegalArgumentException("map id " + id + " is not mapped");
        }
        long width = Numbers.decimal("width", field[1]);
        long physical = Numbers.hex("physical", field[4]);
        if (physical < window.first || physical > window.last || width - 1 > window.last - physical) {
            throw new IllegalArgumentException("address " + field[4] + " lies outside the window of map id " + id);
        }
        into.add(window.device, 0, field[0].equals("W"), width, physical, Numbers.hex("value", field[5]));
    }

    private static long id(String text) {
        return Numbers.decimal("map id", text);
    }

    private static void want(String[] field, int count) {
        if (field.length != count) {
            throw new IllegalArgumentException(field[0] + " has " + field.length + " fields, not " + count);
        }
    }
}

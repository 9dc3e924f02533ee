package io.trapline.cli.trace;

import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * QEMU's trace events {@code memory_region_ops_read/write}, with or without the {@code PID@SECONDS:} that its log backend puts
 * before each. A device is a name; its {@code mr} numbers are not looked at.
 */
final class QemuParser implements LineParser {
    private static final Pattern PREFIX = Pattern.compile("\\d+@\\d+\\.\\d+:");
    private static final Pattern EVENT = Pattern.compile("memory_region_ops_(read|write) cpu (-?\\d+) mr 0x[0-9a-fA-F]+"
            + " addr (0x[0-9a-fA-F]+) value (0x[0-9a-fA-F]+) size (\\d+) name '([^']+)'");

    /** Whether a line looks like one of this format. */
    static boolean recognises(String line) {
        return line.startsWith("memory_region_ops_", prefixLength(line));
    }

    @Override
    public TraceFormat format() {
        return TraceFormat.QEMU;
    }

    @Override
    public void accept(String line, Trace.Builder into) {
        Matcher event = EVENT.matcher(line).region(prefixLength(line), line.length());
        if (!event.matches()) {
            throw new IllegalArgumentException("not a memory_region_ops_read or _write event");
        }
        into.add(
                event.group(6),
                Numbers.decimal("cpu", event.group(2)),
                event.group(1).equals("write"),
                Numbers.decimal("size", event.group(5)),
                Numbers.hex("addr", event.group(3)),
                Numbers.hex("value", event.group(4)));
    }

    private static int prefixLength(String line) {
        Matcher prefix = PREFIX.matcher(line);
        return prefix.lookingAt() ? prefix.end() : 0;
    }
}

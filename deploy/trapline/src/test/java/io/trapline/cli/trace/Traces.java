package io.trapline.cli.trace;

/** Logs for tests. */
public final class Traces {
    private Traces() {}

    /** Of lines such as {@code write cpu 0 mr 0x1 addr 0x70 value 0x1 size 1 name 'rtc'}. */
    public static Trace of(String... events) {
        Trace.Builder builder = new Trace.Builder(TraceFormat.QEMU);
        QemuParser parser = new QemuParser();
        for (String event : events) {
            parser.accept("memory_region_ops_" + event, builder);
        }
        return builder.build();
    }
}

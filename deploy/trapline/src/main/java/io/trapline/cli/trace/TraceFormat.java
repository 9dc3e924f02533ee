package io.trapline.cli.trace;

/** The kinds of log that can be read. */
public enum TraceFormat {
    /** Linux' mmiotrace text, version 20070824. */
    MMIOTRACE("mmiotrace"),
    /** QEMU's trace events {@code memory_region_ops_read} and {@code memory_region_ops_write}. */
    QEMU("qemu");

    private final String text;

    TraceFormat(String text) {
        this.text = text;
    }

    /** As reports name it. */
    public String text() {
        return text;
    }
}

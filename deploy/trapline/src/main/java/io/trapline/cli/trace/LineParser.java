package io.trapline.cli.trace;

/** Understands one format line by line. */
sealed interface LineParser permits MmiotraceParser, QemuParser {
    /** What it understands. */
    TraceFormat format();

    /** Takes one line. Throws {@link IllegalArgumentException}, whose message says why, when it is none of the format. */
    void accept(String line, Trace.Builder into);
}

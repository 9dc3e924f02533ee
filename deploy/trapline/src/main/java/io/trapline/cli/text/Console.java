package io.trapline.cli.text;

import java.io.PrintWriter;

/**
 * Where a command prints. With JSON, stdout holds JSON lines only and the last one is the summary; lines for a person then go
 * nowhere, and what is said beside the result (notes, progress, errors) goes to stderr in either form. Thread-safe by line.
 */
public final class Console {
    private final PrintWriter out;
    private final PrintWriter err;
    private final boolean json;
    private final boolean terminal;

    /** {@code terminal}: a person looks at stderr. */
    public Console(PrintWriter out, PrintWriter err, boolean json, boolean terminal) {
        this.out = out;
        this.err = err;
        this.json = json;
        this.terminal = terminal;
    }

    /** Whether a program reads stdout. */
    public boolean isJson() {
        return json;
    }

    /** Whether a person looks at stderr. */
    public boolean isTerminal() {
        return terminal;
    }

    /** A line of the result, for a person. */
    public void line(String text) {
        if (!json) {
            out.println(text);
            out.flush();
        }
    }

    /** A line of the result, for a program. */
    public void record(Json object) {
        if (json) {
            out.println(object);
            out.flush();
        }
    }

    /** A table, in either form; {@code none} is said to a person in place of a table without rows. */
    public void table(Table table, String none) {
        if (json) {
            table.objects().forEach(out::println);
        } else if (table.size() == 0) {
            out.println(none);
        } else {
            table.lines().forEach(out::println);
        }
        out.flush();
    }

    /** The result as a whole: one line for a person, or the summary, which is the last line, for a program. */
    public void result(String text, Json summary) {
        line(text);
        record(summary);
    }

    /** Something beside the result, to stderr. */
    public void note(String text) {
        err.println(text);
        err.flush();
    }

    /** Text on stderr without an end of line, for progress. */
    void rewrite(String text) {
        err.print(text);
        err.flush();
    }
}

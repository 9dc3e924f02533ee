package io.trapline.cli;

import io.trapline.cli.text.Json;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.List;
import java.util.Objects;

/** Runs commands in this process and keeps what they print. */
final class Shell {
    private final StringWriter out = new StringWriter();
    private final StringWriter err = new StringWriter();
    private final Interrupt interrupt = new Interrupt();

    /** Runs one command; its exit code. What the one before printed is forgotten. */
    int run(String... args) {
        out.getBuffer().setLength(0);
        err.getBuffer().setLength(0);
        return new TraplineCommand(new PrintWriter(out), new PrintWriter(err), false, interrupt).execute(args);
    }

    /** As Ctrl-C would. */
    void interrupt() {
        interrupt.request();
    }

    /** What stands on stdout. */
    String out() {
        return out.toString();
    }

    /** What stands on stderr. */
    String err() {
        return err.toString();
    }

    /** The lines of stdout, each of them a JSON object. */
    List<Json> json() {
        return out.toString().lines().map(JsonReader::read).toList();
    }

    /** The last of them. */
    Json summary() {
        return json().getLast();
    }

    /** A count in an object. */
    static long count(Json object, String name) {
        return (long) Objects.requireNonNull(object.get(name), name);
    }

    /** A fraction in an object. */
    static double fraction(Json object, String name) {
        return (double) Objects.requireNonNull(object.get(name), name);
    }

    /** An object in an object. */
    static Json inner(Json object, String name) {
        return (Json) Objects.requireNonNull(object.get(name), name);
    }
}

package io.trapline.cli.drill;

import io.trapline.cli.text.Console;
import io.trapline.cli.text.Json;
import java.util.ArrayList;
import java.util.List;

/** What was checked and what came of it, told as it happens: one line a check, to a person on stdout, to a program as an object. */
public final class Checks {
    private final Console console;
    private final List<String> failures = new ArrayList<>();
    private int passed;

    /** Nothing is checked yet. */
    public Checks(Console console) {
        this.console = console;
    }

    /** A new part of the story begins. */
    public void chapter(String title) {
        console.line("");
        console.line(title);
    }

    /** Something that is so, for a person to know. */
    public void fact(String text) {
        console.line("    " + text);
    }

    /** What should be so, and whether it is. Returns {@code holds}. */
    public boolean check(String what, boolean holds) {
        console.line((holds ? "  ✓ " : "  ✗ ") + what);
        console.record(Json.object().put("check", what).put("passed", holds));
        if (holds) {
            passed++;
        } else {
            failures.add(what);
        }
        return holds;
    }

    /** How many checks held. */
    public int passed() {
        return passed;
    }

    /** Those that did not. */
    public List<String> failures() {
        return List.copyOf(failures);
    }
}

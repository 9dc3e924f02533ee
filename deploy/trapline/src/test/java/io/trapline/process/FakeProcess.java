package io.trapline.process;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** A process as a supervisor sees it: says what it does, and ends with its standard input, or at once where a file says so. */
public final class FakeProcess {
    private FakeProcess() {}

    public static void main(String[] args) throws IOException {
        List<String> arguments = List.of(args);
        String id = arguments.get(arguments.indexOf("--id") + 1);
        int data = arguments.indexOf("--data");
        if (data >= 0 && Files.exists(Path.of(arguments.get(data + 1) + ".broken"))) {
            System.err.println("trapline: " + id + " is broken");
            System.exit(1);
        }
        System.out.println(id + ": starting at somewhere");
        System.out.println("not a state line");
        String state = arguments.get(0).equals("node") ? "serving" : id.equals("c1") ? "leading" : "following";
        System.out.println(id + ": " + state + " at somewhere");
        while (System.in.read() >= 0) {
            System.out.println(id + ": heard");
        }
    }
}

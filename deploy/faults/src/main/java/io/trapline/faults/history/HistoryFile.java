package io.trapline.faults.history;

import com.google.gson.Gson;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.io.BufferedReader;
import java.io.BufferedWriter;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** Histories in files: a JSON object a line, whose {@code event} says which record of {@link Event} it is. */
public final class HistoryFile {
    private static final String KIND = "event";

    private static final Map<String, Class<? extends Event>> KINDS = Stream.<Class<? extends Event>>of(
                    Event.Created.class,
                    Event.Destroyed.class,
                    Event.Opened.class,
                    Event.Access.class,
                    Event.Memory.class,
                    Event.Claim.class,
                    Event.Release.class,
                    Event.Enabling.class,
                    Event.Typing.class,
                    Event.ListedTypes.class,
                    Event.Listed.class,
                    Event.CarriedOut.class,
                    Event.AllReleased.class,
                    Event.Fault.class,
                    Event.Healed.class,
                    Event.CutShort.class)
            .collect(Collectors.toMap(Class::getSimpleName, Function.identity()));

    private HistoryFile() {}

    /** A line of a file is no event; the message says which and why. */
    public static final class MalformedException extends Exception {
        private static final long serialVersionUID = 1L;

        MalformedException(int line, String why, Throwable cause) {
            super("line " + line + ": " + why, cause);
        }
    }

    /** Writes them all, over what may be there. */
    public static void write(Path file, List<Event> events) throws IOException {
        Gson gson = new Gson();
        try (BufferedWriter out = Files.newBufferedWriter(file)) {
            for (Event event : events) {
                JsonObject line = new JsonObject();
                line.addProperty(KIND, event.getClass().getSimpleName());
                gson.toJsonTree(event)
                        .getAsJsonObject()
                        .entrySet()
                        .forEach(field -> line.add(field.getKey(), field.getValue()));
                out.write(line.toString());
                out.newLine();
            }
        }
    }

    /** Reads them all. */
    public static List<Event> read(Path file) throws IOException, MalformedException {
        Gson gson = new Gson();
        List<Event> events = new ArrayList<>();
        try (BufferedReader in = Files.newBufferedReader(file)) {
            int number = 0;
            for (String line = in.readLine(); line != null; line = in.readLine()) {
                number++;
                events.add(event(gson, number, line));
            }
        }
        return events;
    }

    private static Event event(Gson gson, int number, String line) throws MalformedException {
        try {
            JsonObject object = JsonParser.parseString(line).getAsJsonObject();
            String kind = object.has(KIND) ? object.get(KIND).getAsString() : "";
            Class<? extends Event> type = KINDS.get(kind);
            if (type == null) {
                throw new IllegalArgumentException("event is \"" + kind + "\", which is none");
            }
            return gson.fromJson(object, type);
        } catch (RuntimeException wrong) {
            // Gson wraps what a record's constructor refuses.
            Throwable root = wrong;
            while (root.getCause() != null) {
                root = root.getCause();
            }
            throw new MalformedException(number, String.valueOf(root.getMessage()), wrong);
        }
    }
}

package io.trapline.cli;

import io.trapline.cli.text.Json;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Reads one line of JSON strictly, so that a test notices whatever else a command prints. Numbers are longs or doubles. */
final class JsonReader {
    private final String text;
    private int at;

    private JsonReader(String text) {
        this.text = text;
    }

    /** The object that is the whole line. Throws {@link IllegalArgumentException} otherwise. */
    static Json read(String line) {
        JsonReader reader = new JsonReader(line);
        Json object = reader.object();
        if (reader.at != line.length()) {
            throw reader.malformed();
        }
        return object;
    }

    private @Nullable Object value() {
        char first = peek();
        if (first == '{') {
            return object();
        }
        if (first == '[') {
            return list();
        }
        if (first == '"') {
            return string();
        }
        int start = at;
        while (at < text.length() && ",]}".indexOf(text.charAt(at)) < 0) {
            at++;
        }
        String word = text.substring(start, at);
        return switch (word) {
            case "null" -> null;
            case "true" -> true;
            case "false" -> false;
            default -> number(word);
        };
    }

    private Object number(String word) {
        if (!word.matches("-?(0|[1-9][0-9]*)(\\.[0-9]+)?([eE][+-]?[0-9]+)?")) {
            throw malformed();
        }
        return word.matches("-?[0-9]+") ? (Object) Long.valueOf(word) : Double.valueOf(word);
    }

    private Json object() {
        Json object = Json.object();
        expect('{');
        while (peek() != '}') {
            String name = string();
            expect(':');
            object.put(name, value());
            if (peek() != '}') {
                expect(',');
            }
        }
        at++;
        return object;
    }

    private List<@Nullable Object> list() {
        List<@Nullable Object> list = new ArrayList<>();
        expect('[');
        while (peek() != ']') {
            list.add(value());
            if (peek() != ']') {
                expect(',');
            }
        }
        at++;
        return list;
    }

    private String string() {
        expect('"');
        StringBuilder string = new StringBuilder();
        while (peek() != '"') {
            char c = text.charAt(at++);
            if (c == '\\') {
                char escape = text.charAt(at++);
                if (escape == 'u') {
                    c = (char) Integer.parseInt(text.substring(at, at + 4), 16);
                    at += 4;
                } else {
                    c = "nrt".indexOf(escape) < 0 ? escape : "\n\r\t".charAt("nrt".indexOf(escape));
                }
            }
            string.append(c);
        }
        at++;
        return string.toString();
    }

    private void expect(char wanted) {
        if (peek() != wanted) {
            throw malformed();
        }
        at++;
    }

    private char peek() {
        if (at >= text.length()) {
            throw malformed();
        }
        return text.charAt(at);
    }

    private IllegalArgumentException malformed() {
        return new IllegalArgumentException("no JSON object at column " + at + ": " + text);
    }
}

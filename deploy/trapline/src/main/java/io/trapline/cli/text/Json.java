package io.trapline.cli.text;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** One JSON object, its fields in the order in which they were put. Counts and durations are numbers, addresses and values strings of hex. */
public final class Json {
    private final Map<String, @Nullable Object> fields = new LinkedHashMap<>();

    private Json() {}

    /** An object without fields. */
    public static Json object() {
        return new Json();
    }

    /** Adds or replaces a field: null, a boolean, a number, an object, a list of them, or anything else as the string that it prints. */
    public Json put(String name, @Nullable Object value) {
        fields.put(Objects.requireNonNull(name), value);
        return this;
    }

    /** The field; null where it is missing. */
    public @Nullable Object get(String name) {
        return fields.get(name);
    }

    /** On one line. */
    @Override
    public String toString() {
        StringBuilder text = new StringBuilder();
        writeObject(text, fields);
        return text.toString();
    }

    private static void write(StringBuilder text, @Nullable Object value) {
        switch (value) {
            case null -> text.append("null");
            case Json json -> writeObject(text, json.fields);
            case Map<?, ?> map -> writeObject(text, map);
            case List<?> list -> writeList(text, list);
            case Boolean bool -> text.append(bool);
            case Double number when !Double.isFinite(number) -> text.append("null");
            case Number number -> text.append(number);
            case Count count -> text.append(count.value());
            default -> writeString(text, value.toString());
        }
    }

    private static void writeObject(StringBuilder text, Map<?, ?> map) {
        text.append('{');
        String separator = "";
        for (Map.Entry<?, ?> field : map.entrySet()) {
            text.append(separator);
            writeString(text, String.valueOf(field.getKey()));
            text.append(':');
            write(text, field.getValue());
            separator = ",";
        }
        text.append('}');
    }

    private static void writeList(StringBuilder text, List<?> list) {
        text.append('[');
        String separator = "";
        for (Object element : list) {
            text.append(separator);
            write(text, element);
            separator = ",";
        }
        text.append(']');
    }

    private static void writeString(StringBuilder text, String string) {
        text.append('"');
        for (int i = 0; i < string.length(); i++) {
            char c = string.charAt(i);
            switch (c) {
                case '"' -> text.append("\\\"");
                case '\\' -> text.append("\\\\");
                case '\n' -> text.append("\\n");
                case '\r' -> text.append("\\r");
                case '\t' -> text.append("\\t");
                default -> {
                    if (c < ' ' || c == 0x7f || c == '\u2028' || c == '\u2029') {
                        text.append(String.format("\\u%04x", (int) c));
                    } else {
                        text.append(c);
                    }
                }
            }
        }
        text.append('"');
    }
}

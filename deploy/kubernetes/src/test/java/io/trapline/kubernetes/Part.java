package io.trapline.kubernetes;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonNull;
import com.google.gson.JsonObject;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;

/** A part of a manifest. What is not there is an empty part. */
record Part(JsonElement element) {
    private static final Part NOTHING = new Part(JsonNull.INSTANCE);

    /** The part at a path such as {@code spec.template.spec}; a number is an item's. */
    Part at(String path) {
        Part part = this;
        for (String step : path.split("\\.", -1)) {
            part = part.step(step);
        }
        return part;
    }

    /** The field of that name, dots included. */
    Part step(String name) {
        if (element instanceof JsonObject object && object.has(name)) {
            return new Part(object.get(name));
        }
        if (element instanceof JsonArray array && name.matches("\\d{1,4}") && Integer.parseInt(name) < array.size()) {
            return new Part(array.get(Integer.parseInt(name)));
        }
        return NOTHING;
    }

    boolean isThere() {
        return !element.isJsonNull();
    }

    List<Part> items() {
        return element instanceof JsonArray array
                ? array.asList().stream().map(Part::new).toList()
                : List.of();
    }

    /** Its value as text; empty where it is none. */
    Optional<String> text() {
        return element.isJsonPrimitive() ? Optional.of(element.getAsString()) : Optional.empty();
    }

    boolean is(String value) {
        return text().filter(value::equals).isPresent();
    }

    OptionalInt number() {
        return text().filter(each -> each.matches("\\d{1,9}"))
                .map(each -> OptionalInt.of(Integer.parseInt(each)))
                .orElse(OptionalInt.empty());
    }

    /** Its fields that are text. */
    Map<String, String> texts() {
        Map<String, String> all = new LinkedHashMap<>();
        if (element instanceof JsonObject object) {
            object.asMap().forEach((key, value) -> new Part(value).text().ifPresent(text -> all.put(key, text)));
        }
        return all;
    }

    /** The texts at that field of each item. */
    List<String> each(String field) {
        return items().stream().flatMap(item -> item.at(field).text().stream()).toList();
    }
}

package io.trapline.distribution;

import com.google.gson.Gson;
import com.google.gson.GsonBuilder;
import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Properties;
import java.util.stream.Collectors;

/** What a distribution or an image consists of, as CycloneDX says it, and the list of licences that follows from it. */
public final class BillOfMaterials {
    private static final Gson GSON =
            new GsonBuilder().setPrettyPrinting().disableHtmlEscaping().create();

    private final JsonObject bom;

    private BillOfMaterials(JsonObject bom) {
        this.bom = bom;
    }

    /**
     * Arguments: the bill of the class path, a file that says what it runs on, and where to write both. That file is a Java runtime's
     * {@code release}, or {@code /var/lib/dpkg/status} of an image's base.
     */
    public static void main(String[] args) throws IOException {
        BillOfMaterials bill = read(Files.readString(Path.of(args[0])));
        Path beneath = Path.of(args[1]);
        if (beneath.endsWith("release")) {
            bill.addRuntime(Files.readString(beneath));
        } else {
            bill.addPackages(Files.readString(beneath));
        }
        Path folder = Files.createDirectories(Path.of(args[2]));
        Files.writeString(folder.resolve("bom.json"), bill.json());
        Files.writeString(folder.resolve("licences.txt"), bill.licences());
    }

    /** From CycloneDX' JSON. */
    static BillOfMaterials read(String json) {
        return new BillOfMaterials(GSON.fromJson(json, JsonObject.class));
    }

    /** Adds the Java runtime whose {@code release} file that is. */
    void addRuntime(String release) throws IOException {
        Properties properties = new Properties();
        properties.load(new java.io.StringReader(release));
        String version = properties.getProperty("JAVA_VERSION", "unknown").replace("\"", "");
        add(
                "application",
                "OpenJDK",
                version,
                "pkg:generic/openjdk@" + version,
                "GPL-2.0-only WITH Classpath-exception-2.0");
    }

    /** Adds the installed packages of a dpkg status file. Debian keeps their licences in /usr/share/doc/NAME/copyright. */
    void addPackages(String status) {
        for (String paragraph : status.split("\n\n+", -1)) {
            Map<String, String> fields = new LinkedHashMap<>();
            paragraph
                    .lines()
                    .filter(line -> !line.startsWith(" ") && line.contains(": "))
                    .forEach(line ->
                            fields.put(line.substring(0, line.indexOf(": ")), line.substring(line.indexOf(": ") + 2)));
            String name = fields.getOrDefault("Package", "");
            if (!name.isEmpty() && fields.getOrDefault("Status", "").endsWith(" installed")) {
                String version = fields.getOrDefault("Version", "unknown");
                String purl = "pkg:deb/debian/" + name + "@"
                        + version.replace("+", "%2B").replace(":", "%3A") + "?arch="
                        + fields.getOrDefault("Architecture", "all");
                add("library", name, version, purl, "see /usr/share/doc/" + name + "/copyright");
            }
        }
    }

    private void add(String type, String name, String version, String purl, String licence) {
        JsonObject license = new JsonObject();
        license.addProperty("name", licence);
        JsonObject choice = new JsonObject();
        choice.add("license", license);
        JsonArray licenses = new JsonArray();
        licenses.add(choice);
        JsonObject component = new JsonObject();
        component.addProperty("type", type);
        component.addProperty("bom-ref", purl);
        component.addProperty("name", name);
        component.addProperty("version", version);
        component.add("licenses", licenses);
        component.addProperty("purl", purl);
        bom.getAsJsonArray("components").add(component);
    }

    String json() {
        return GSON.toJson(bom) + "\n";
    }

    /** A line for each component, sorted: what it is, its version, its licences. */
    String licences() {
        List<String> lines = new ArrayList<>();
        for (JsonElement each : bom.getAsJsonArray("components")) {
            JsonObject component = each.getAsJsonObject();
            String group = text(component, "group").map(name -> name + ":").orElse("");
            lines.add(group + text(component, "name").orElse("?") + " "
                    + text(component, "version").orElse("?") + ": " + licencesOf(component));
        }
        return lines.stream().sorted().collect(Collectors.joining("\n", "", "\n"));
    }

    private static String licencesOf(JsonObject component) {
        List<String> names = new ArrayList<>();
        if (component.has("licenses")) {
            for (JsonElement each : component.getAsJsonArray("licenses")) {
                JsonObject choice = each.getAsJsonObject();
                JsonObject license = choice.has("license") ? choice.getAsJsonObject("license") : choice;
                names.add(text(license, "id")
                        .or(() -> text(license, "name"))
                        .or(() -> text(license, "expression"))
                        .orElse("unknown"));
            }
        }
        return names.isEmpty() ? "unknown" : String.join(", ", names);
    }

    private static Optional<String> text(JsonObject object, String name) {
        return object.has(name) ? Optional.of(object.get(name).getAsString()) : Optional.empty();
    }
}

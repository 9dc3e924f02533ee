package io.trapline.distribution;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.lang.classfile.ClassHierarchyResolver;
import java.lang.constant.ClassDesc;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.BiPredicate;
import java.util.function.UnaryOperator;
import java.util.regex.Pattern;
import java.util.zip.ZipEntry;
import java.util.zip.ZipInputStream;

/** A jar of the class path, as its library was published: its program, its native code and its licences, each of which a distribution keeps elsewhere. */
final class Library {
    private static final String NATIVES = "META-INF/native/";
    private static final Pattern LICENCE = Pattern.compile(
            "(META-INF/)?(licen[cs]es?/.*|(LICEN[CS]E|NOTICE|COPYING|DEPENDENCIES)[^/]*)", Pattern.CASE_INSENSITIVE);

    /** What only build tools, other class loaders and other JVMs read. By {@code pom.properties} a scanner of archives knows what it has before it. */
    private static final Pattern UNREAD = Pattern.compile(
            "META-INF/(MANIFEST\\.MF|INDEX\\.LIST|maven/.*/pom\\.xml|native-image/.*|proguard/.*|versions/.*|[^/]*\\.(SF|DSA|RSA|EC|kotlin_module))|module-info\\.class");

    /** A class that takes the place of another in later releases of Java. */
    private static final Pattern OF_A_RELEASE =
            Pattern.compile("META-INF/versions/\\d+/(?!module-info\\.class|META-INF/).*\\.class");

    private final String name;
    private final Map<String, byte[]> entries;

    private Library(String name, Map<String, byte[]> entries) {
        this.name = name;
        this.entries = Collections.unmodifiableMap(entries);
    }

    /** Reads one; folders in it are left out. */
    static Library read(Path jar) throws IOException {
        Map<String, byte[]> entries = new LinkedHashMap<>();
        try (InputStream file = Files.newInputStream(jar);
                ZipInputStream zip = new ZipInputStream(file)) {
            for (ZipEntry entry = zip.getNextEntry(); entry != null; entry = zip.getNextEntry()) {
                if (!entry.isDirectory()) {
                    entries.put(entry.getName(), zip.readAllBytes());
                }
            }
        }
        return new Library(jar.getFileName().toString().replaceFirst("\\.jar$", ""), entries);
    }

    /** The name of its jar, which has its version. */
    String name() {
        return name;
    }

    /** Its classes and what they read. Throws {@link IOException} where a class of it is another one for later releases of Java: nothing here chooses. */
    Map<String, byte[]> program() throws IOException {
        for (String entry : entries.keySet()) {
            if (OF_A_RELEASE.matcher(entry).matches()) {
                throw new IOException(name + " has " + entry
                        + ": which of several releases of a class is meant, one jar of all does not say");
            }
        }
        return chosen(
                (entry, bytes) -> !entry.startsWith(NATIVES)
                        && !UNREAD.matcher(entry).matches()
                        && !LICENCE.matcher(entry).matches(),
                UnaryOperator.identity());
    }

    /** Its licences and notices, by where they are in it without {@code META-INF}. */
    Map<String, byte[]> licences() {
        return chosen(
                (entry, bytes) -> LICENCE.matcher(entry).matches(), entry -> entry.replaceFirst("^META-INF/", ""));
    }

    /** The native libraries in it for that machine, by file name. {@code machine}: as Netty names it, {@code x86_64} or {@code aarch_64}. */
    Map<String, byte[]> natives(String machine) {
        return chosen(
                (entry, bytes) -> entry.startsWith(NATIVES) && entry.endsWith("_" + machine + ".so"),
                entry -> entry.substring(NATIVES.length()));
    }

    private Map<String, byte[]> chosen(BiPredicate<String, byte[]> chosen, UnaryOperator<String> named) {
        Map<String, byte[]> found = new TreeMap<>();
        entries.forEach((entry, bytes) -> {
            if (chosen.test(entry, bytes)) {
                found.put(named.apply(entry), bytes);
            }
        });
        return found;
    }

    /** What its classes extend and implement. */
    ClassHierarchyResolver types() {
        return ClassHierarchyResolver.ofResourceParsing((ClassDesc type) -> {
            String descriptor = type.descriptorString();
            byte[] bytes = entries.get(descriptor.substring(1, descriptor.length() - 1) + ".class");
            return bytes == null ? null : new ByteArrayInputStream(bytes);
        });
    }
}

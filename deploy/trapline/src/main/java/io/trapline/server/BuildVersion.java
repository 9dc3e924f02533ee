package io.trapline.server;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.Properties;

/** Which Trapline this program is. */
public final class BuildVersion {
    private static final String BUILT = "/META-INF/maven/io.trapline/trapline-cli/pom.properties";

    private BuildVersion() {}

    /** As Maven built it; {@code development} where it runs from its classes. */
    public static String current() {
        try (InputStream built = BuildVersion.class.getResourceAsStream(BUILT)) {
            if (built == null) {
                return "development";
            }
            Properties properties = new Properties();
            properties.load(built);
            return properties.getProperty("version", "development");
        } catch (IOException unreadable) {
            throw new UncheckedIOException(unreadable);
        }
    }
}

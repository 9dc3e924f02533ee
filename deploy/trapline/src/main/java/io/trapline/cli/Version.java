package io.trapline.cli;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.Properties;
import picocli.CommandLine.IVersionProvider;

/** Which Trapline this program is. */
final class Version implements IVersionProvider {
    private static final String BUILT = "/META-INF/maven/io.trapline/trapline-cli/pom.properties";

    /** As Maven built it; {@code development} where it runs from its classes. */
    static String current() {
        try (InputStream built = Version.class.getResourceAsStream(BUILT)) {
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

    @Override
    public String[] getVersion() {
        return new String[] {"trapline " + current()};
    }
}

package io.trapline.distribution;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigFactory;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.JarURLConnection;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Properties;
import java.util.jar.JarEntry;
import java.util.jar.JarFile;
import org.apache.pekko.actor.typed.ActorSystem;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;

class ProgramJarTest {
    @TempDir
    private Path folder;

    @Test
    void everyClassOfAnOldJarHasStackMapsAndStillLinks() throws Exception {
        // Given: compiled for Java 5, as its classes say.
        Path old = Jars.of(CommandLine.class);
        assertThat(majorVersions(old)).anyMatch(major -> major < 50);
        ProgramJar program = new ProgramJar("picocli.CommandLine");
        program.add(Library.read(old));

        // When
        Path renewed = folder.resolve("renewed.jar");
        int classes = program.write(renewed);

        // Then: what was not verified by its stack map is not loaded at all.
        assertThat(classes).isPositive();
        assertThat(majorVersions(renewed)).allMatch(major -> major >= 50);
        try (URLClassLoader loader =
                new URLClassLoader(new URL[] {renewed.toUri().toURL()}, ClassLoader.getPlatformClassLoader())) {
            for (String name : classNames(renewed)) {
                Class<?> linked = Class.forName(name, true, loader);
                assertThat(linked.getClassLoader()).isSameAs(loader);
            }
        }
    }

    @Test
    void writesTheSameBytesWheneverItIsWritten() throws Exception {
        // Given: the same files in another order and of another time.
        Path first = Jars.with(folder.resolve("1.jar"), 1_000_000_000_000L, "a/b.txt", "b", "c.txt", "c");
        Path second = Jars.with(folder.resolve("2.jar"), 1_700_000_000_000L, "c.txt", "c", "a/b.txt", "b");

        // When
        Jars.program(folder.resolve("1"), first);
        Jars.program(folder.resolve("2"), second);

        // Then
        assertThat(folder.resolve("1")).hasSameBinaryContentAs(folder.resolve("2"));
    }

    @Test
    void itsManifestSaysWhatItStarts() throws Exception {
        Path program =
                Jars.program(folder.resolve("program.jar"), jar("1", "META-INF/MANIFEST.MF", "Main-Class: no\n"));

        try (JarFile file = new JarFile(program.toFile())) {
            assertThat(file.getManifest().getMainAttributes().getValue("Main-Class"))
                    .isEqualTo("some.Main");
        }
    }

    @Test
    void aServiceHasTheProvidersOfAllLibrariesInTheirOrder() throws Exception {
        // Given: as they are published, not every file ends its last line.
        Path first = jar("1", "META-INF/services/some.Service", "one.Provider");
        Path second = jar("2", "META-INF/services/some.Service", "# theirs\ntwo.Provider\n");

        // When
        Path program = Jars.program(folder.resolve("program.jar"), first, second);

        // Then
        assertThat(Jars.text(program, "META-INF/services/some.Service").lines().filter(line -> !line.startsWith("#")))
                .containsExactly("one.Provider", "two.Provider");
    }

    @Test
    void whatIsReadOnceIsThatOfTheFirstLibrary() throws Exception {
        Path program = Jars.program(
                folder.resolve("program.jar"), jar("1", "some.properties", "a=1"), jar("2", "some.properties", "a=2"));

        assertThat(Jars.text(program, "some.properties")).isEqualTo("a=1");
    }

    @Test
    void ofTwoSettingsOfOneNameThatOfTheFirstLibraryCounts() throws Exception {
        // Given
        Path first = jar("1", "reference.conf", "a { b = 1 }");
        Path second = jar("2", "reference.conf", "a { b = 2, c = 2 }");
        Config apart;
        try (URLClassLoader loader = new URLClassLoader(
                new URL[] {first.toUri().toURL(), second.toUri().toURL()}, ClassLoader.getPlatformClassLoader())) {
            apart = ConfigFactory.parseResources(loader, "reference.conf");
        }

        // When
        Path program = Jars.program(folder.resolve("program.jar"), first, second);

        // Then
        Config together = ConfigFactory.parseString(Jars.text(program, "reference.conf"));
        assertThat(together).isEqualTo(apart);
        assertThat(together.getInt("a.b")).isEqualTo(1);
    }

    @Test
    void theSettingsOfPekkoAreThoseOfItsLibraries() throws Exception {
        // Given: comments are most of them.
        List<Path> libraries = librariesWith("reference.conf");
        assertThat(libraries).contains(Jars.of(ActorSystem.class)).hasSizeGreaterThan(1);
        int length = 0;
        for (Path library : libraries) {
            length += Jars.text(library, "reference.conf").length();
        }

        // When
        Path program = Jars.program(folder.resolve("program.jar"), libraries.toArray(Path[]::new));

        // Then
        String together = Jars.text(program, "reference.conf");
        assertThat(together).hasSizeLessThan(length / 2);
        assertThat(ConfigFactory.parseString(together).withFallback(ConfigFactory.parseResources("version.conf")))
                .isEqualTo(ConfigFactory.parseResources("reference.conf")
                        .withFallback(ConfigFactory.parseResources("version.conf")));
    }

    @Test
    void whatNettySaysOfItsVersionsIsWhatItsLibrariesSay() throws Exception {
        Path program = Jars.program(
                folder.resolve("program.jar"),
                jar("1", "META-INF/io.netty.versions.properties", "one.version=1"),
                jar("2", "META-INF/io.netty.versions.properties", "two.version=2"));

        Properties versions = new Properties();
        versions.load(new java.io.StringReader(Jars.text(program, "META-INF/io.netty.versions.properties")));
        assertThat(versions).containsOnlyKeys("one.version", "two.version");
    }

    @Test
    void refusesAClassThatIsAnotherOneInAnotherLibrary() throws Exception {
        Path first = jar("1", "some/Thing.class", "one");
        Path second = jar("2", "some/Thing.class", "two");

        assertThatThrownBy(() -> Jars.program(folder.resolve("program.jar"), first, second))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("2 has some/Thing.class");
    }

    @Test
    void aLineOfAStringThatLooksLikeACommentStays() {
        byte[] settings = "a = \"\"\"\n# no comment\n\"\"\"\n".getBytes(StandardCharsets.UTF_8);

        assertThat(SmallSettings.of(settings)).isEqualTo(settings);
    }

    private Path jar(String name, String... files) throws IOException {
        return Jars.with(folder.resolve(name + ".jar"), 0, files);
    }

    /** In the order of the class path. */
    private static List<Path> librariesWith(String resource) throws Exception {
        List<Path> libraries = new ArrayList<>();
        for (URL found : Collections.list(ProgramJarTest.class.getClassLoader().getResources(resource))) {
            libraries.add(Path.of(
                    ((JarURLConnection) found.openConnection()).getJarFileURL().toURI()));
        }
        return libraries;
    }

    private static List<String> classNames(Path jar) throws IOException {
        try (JarFile file = new JarFile(jar.toFile())) {
            return file.stream()
                    .map(JarEntry::getName)
                    .filter(name -> name.endsWith(".class"))
                    .map(name ->
                            name.substring(0, name.length() - ".class".length()).replace('/', '.'))
                    .toList();
        }
    }

    private static List<Integer> majorVersions(Path jar) throws IOException {
        try (JarFile file = new JarFile(jar.toFile())) {
            return file.stream()
                    .filter(entry -> entry.getName().endsWith(".class"))
                    .map(entry -> {
                        try {
                            return OldClasses.major(file.getInputStream(entry).readNBytes(8));
                        } catch (IOException unreadable) {
                            throw new UncheckedIOException(unreadable);
                        }
                    })
                    .toList();
        }
    }
}

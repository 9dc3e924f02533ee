package io.trapline.distribution;

import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.core.Context;
import com.typesafe.config.ConfigFactory;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.lang.classfile.ClassHierarchyResolver;
import java.net.URISyntaxException;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.jar.Attributes;
import java.util.jar.JarEntry;
import java.util.jar.JarFile;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;
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
        Path old = jarOf(CommandLine.class);
        assertThat(majorVersions(old)).anyMatch(major -> major < 50);

        // When
        Path renewed = folder.resolve("renewed.jar");
        int classes = written(old, renewed);

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
        Path first = zip("first.jar", 1_000_000_000_000L, "a/b.txt", "META-INF/MANIFEST.MF", "c.txt");
        Path second = zip("second.jar", 1_700_000_000_000L, "c.txt", "a/b.txt", "META-INF/MANIFEST.MF");

        // When
        written(first, folder.resolve("1"));
        written(second, folder.resolve("2"));

        // Then
        assertThat(folder.resolve("1")).hasSameBinaryContentAs(folder.resolve("2"));
    }

    @Test
    void nativeCodeOfTheMachineIsTakenOutAndThatOfOthersIsDropped() throws Exception {
        // Given
        Path jar = zip(
                "natives.jar",
                0,
                "META-INF/native/libepoll_x86_64.so",
                "META-INF/native/libepoll_aarch_64.so",
                "META-INF/native/libkqueue_x86_64.jnilib",
                "some.txt");

        // When
        ProgramJar read = ProgramJar.read(jar);
        read.write(folder.resolve("without.jar"), read.types());

        // Then
        assertThat(read.natives("x86_64")).containsOnlyKeys("libepoll_x86_64.so");
        assertThat(read.natives("aarch_64")).containsOnlyKeys("libepoll_aarch_64.so");
        try (JarFile without = new JarFile(folder.resolve("without.jar").toFile())) {
            assertThat(without.stream().map(JarEntry::getName)).containsExactly("some.txt");
        }
    }

    @Test
    void aManifestKeepsWhatTheJvmAndPekkoReadOfIt() throws Exception {
        // Given: Pekko's, in which lists for OSGi are most of it.
        Path large = jarOf(ActorSystem.class);

        // When
        Path small = folder.resolve("small.jar");
        written(large, small);

        // Then
        try (JarFile before = new JarFile(large.toFile());
                JarFile after = new JarFile(small.toFile())) {
            Attributes was = before.getManifest().getMainAttributes();
            Attributes is = after.getManifest().getMainAttributes();
            assertThat(was).containsKey(new Attributes.Name("Export-Package"));
            assertThat(is).doesNotContainKey(new Attributes.Name("Export-Package"));
            assertThat(is.getValue(Attributes.Name.IMPLEMENTATION_TITLE))
                    .isNotNull()
                    .isEqualTo(was.getValue(Attributes.Name.IMPLEMENTATION_TITLE));
            assertThat(is.getValue(Attributes.Name.IMPLEMENTATION_VERSION))
                    .isNotNull()
                    .isEqualTo(was.getValue(Attributes.Name.IMPLEMENTATION_VERSION));
        }
    }

    @Test
    void aJarOfSeveralReleasesStaysOne() throws Exception {
        // Given
        Path jar = jarOf(Context.class);
        try (JarFile before = new JarFile(jar.toFile())) {
            assertThat(before.isMultiRelease()).isTrue();
        }

        // When
        Path written = folder.resolve("releases.jar");
        written(jar, written);

        // Then
        try (JarFile after = new JarFile(written.toFile())) {
            assertThat(after.isMultiRelease()).isTrue();
        }
    }

    @Test
    void settingsWithoutTheirCommentsSayTheSame() throws Exception {
        // Given: Pekko's, in which comments are most of it.
        Path large = jarOf(ActorSystem.class);

        // When
        Path small = folder.resolve("small.jar");
        written(large, small);

        // Then
        String before = text(large, "reference.conf");
        String after = text(small, "reference.conf");
        assertThat(after).hasSizeLessThan(before.length() / 2);
        assertThat(ConfigFactory.parseString(after)).isEqualTo(ConfigFactory.parseString(before));
    }

    @Test
    void aLineOfAStringThatLooksLikeACommentStays() {
        byte[] settings = "a = \"\"\"\n# no comment\n\"\"\"\n".getBytes(StandardCharsets.UTF_8);

        assertThat(SmallTexts.settings(settings)).isEqualTo(settings);
    }

    private static String text(Path jar, String entry) throws IOException {
        try (JarFile file = new JarFile(jar.toFile());
                InputStream in = file.getInputStream(file.getEntry(entry))) {
            return new String(in.readAllBytes(), StandardCharsets.UTF_8);
        }
    }

    private static int written(Path from, Path to) throws IOException {
        ProgramJar jar = ProgramJar.read(from);
        return jar.write(to, jar.types().orElse(ClassHierarchyResolver.defaultResolver()));
    }

    private Path zip(String name, long time, String... entries) throws IOException {
        Path jar = folder.resolve(name);
        try (OutputStream file = Files.newOutputStream(jar);
                ZipOutputStream zip = new ZipOutputStream(file)) {
            for (String each : entries) {
                ZipEntry entry = new ZipEntry(each);
                entry.setTime(time);
                zip.putNextEntry(entry);
                String text = each.endsWith(".MF") ? "Manifest-Version: 1.0\n" : "This is " + each + "\n";
                zip.write(text.getBytes(StandardCharsets.UTF_8));
                zip.closeEntry();
            }
        }
        return jar;
    }

    private static Path jarOf(Class<?> type) throws URISyntaxException {
        return Path.of(type.getProtectionDomain().getCodeSource().getLocation().toURI());
    }

    private static List<String> classNames(Path jar) throws IOException {
        try (JarFile file = new JarFile(jar.toFile())) {
            return file.stream()
                    .map(JarEntry::getName)
                    .filter(name -> name.endsWith(".class") && !name.startsWith("META-INF/"))
                    .filter(name -> !name.equals("module-info.class"))
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
                            throw new java.io.UncheckedIOException(unreadable);
                        }
                    })
                    .toList();
        }
    }
}

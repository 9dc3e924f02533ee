package io.trapline.launcher;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** {@code ./trapline} and {@code ./check} on machines with and without a JDK 25. Their {@code java} is a script that says how it was called. */
@Tag("processes")
final class LauncherTest {
    private static final Path ROOT = Path.of("../..").toAbsolutePath().normalize();

    @TempDir
    Path folder;

    private record Run(int exitCode, String out, String err) {}

    @BeforeEach
    void givenAPathWithoutJava() throws IOException {
        Path bin = Files.createDirectory(folder.resolve("bin"));
        for (String tool : List.of("bash", "env", "dirname", "readlink", "grep", "sed", "mkdir", "flock", "id")) {
            Path here = Stream.of("/bin", "/usr/bin")
                    .map(place -> Path.of(place, tool))
                    .filter(Files::isExecutable)
                    .findFirst()
                    .orElseThrow();
            Files.createSymbolicLink(bin.resolve(tool), here);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"trapline", "check"})
    void saysInOneLineThatAJdk25IsMissing(String script) throws Exception {
        Path old = givenJdk("jvm/jdk-17", "17.0.15");

        Run run = run(ROOT.resolve(script), Map.of("JAVA_HOME", old.toString()));

        assertThat(run.exitCode).isNotZero();
        assertThat(run.out).isEmpty();
        assertThat(run.err).startsWith(script + ": no JDK 25 found in").hasLineCount(1);
    }

    @Test
    void findsAJdk25BesideAnOlderOne() throws Exception {
        Path old = givenJdk("jvm/jdk-17", "17.0.15");
        Path wanted = givenJdk("jvm/jdk-25", "25.0.3");

        Run run = run(ROOT.resolve("trapline"), Map.of("JAVA_HOME", old.toString()), "domain", "list");

        assertThat(run.exitCode).isZero();
        assertThat(run.out)
                .startsWith(wanted.resolve("bin/java").toString())
                .endsWith("-cp classes/* io.trapline.cli.TraplineCommand domain list\n");
        assertThat(run.err).isEmpty();
    }

    @Test
    void prefersJavaHomeAndWorksThroughALink() throws Exception {
        givenJdk("jvm/jdk-25", "25.0.3");
        Path mine = givenJdk("mine/jdk 25", "25.0.9");
        Path link = Files.createSymbolicLink(folder.resolve("tl"), ROOT.resolve("trapline"));

        Run run = run(link, Map.of("JAVA_HOME", mine.toString()), "two words");

        assertThat(run.exitCode).isZero();
        assertThat(run.out).startsWith(mine.resolve("bin/java").toString()).endsWith("two words\n");
    }

    private Path givenJdk(String place, String version) throws IOException {
        Path home = folder.resolve(place);
        Files.createDirectories(home.resolve("bin"));
        Files.writeString(home.resolve("release"), "JAVA_VERSION=\"" + version + "\"\n");
        for (String tool : List.of("java", "javac")) {
            Path script = Files.writeString(home.resolve("bin").resolve(tool), "#!/bin/sh\necho \"$0\" \"$@\"\n");
            Files.setPosixFilePermissions(script, PosixFilePermissions.fromString("rwxr-xr-x"));
        }
        return home;
    }

    private Run run(Path script, Map<String, String> environment, String... arguments) throws Exception {
        Path out = folder.resolve("out");
        Path err = folder.resolve("err");
        var builder = new ProcessBuilder(Stream.concat(Stream.of(script.toString()), Stream.of(arguments))
                        .toList())
                .directory(folder.toFile())
                .redirectOutput(out.toFile())
                .redirectError(err.toFile());
        builder.environment().clear();
        builder.environment().put("PATH", folder.resolve("bin").toString());
        builder.environment().put("TRAPLINE_JVM_FOLDERS", folder.resolve("jvm").toString());
        builder.environment().put("TRAPLINE_LIB", "classes");
        builder.environment().putAll(environment);
        Process process = builder.start();
        assertThat(process.waitFor(60, TimeUnit.SECONDS)).isTrue();
        return new Run(process.exitValue(), Files.readString(out, UTF_8), Files.readString(err, UTF_8));
    }
}

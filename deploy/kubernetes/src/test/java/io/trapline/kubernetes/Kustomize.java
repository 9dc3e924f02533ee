package io.trapline.kubernetes;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.google.gson.Gson;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.yaml.snakeyaml.LoaderOptions;
import org.yaml.snakeyaml.Yaml;
import org.yaml.snakeyaml.constructor.SafeConstructor;

/** {@code kubectl kustomize}; where there is no kubectl the test that asks is skipped. */
final class Kustomize {
    private static final Gson GSON = new Gson();

    /** What was rendered, by folder: each caller gets objects of its own, to change them. */
    private static final Map<String, String> RENDERED = new ConcurrentHashMap<>();

    private Kustomize() {}

    /** What a folder beside this module's pom renders to. Nothing may be said on stderr: kustomize warns there of what is deprecated. */
    static Manifests render(String folder) {
        assumeTrue(isThere(), "there is no kubectl in PATH: the manifests are not checked");
        return parse(RENDERED.computeIfAbsent(folder, Kustomize::run));
    }

    private static String run(String folder) {
        try {
            Path errors = Files.createTempFile("kustomize", ".err");
            Process process = new ProcessBuilder("kubectl", "kustomize", folder)
                    .redirectError(errors.toFile())
                    .start();
            String text = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            int exit = process.waitFor();
            String said = Files.readString(errors);
            Files.delete(errors);
            assertThat(said)
                    .as("what kubectl kustomize %s complains of", folder)
                    .isEmpty();
            assertThat(exit).isZero();
            return text;
        } catch (IOException failed) {
            throw new UncheckedIOException(failed);
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException(interrupted);
        }
    }

    private static Manifests parse(String text) {
        List<Part> objects = new ArrayList<>();
        for (Object document : new Yaml(new SafeConstructor(new LoaderOptions())).loadAll(text)) {
            objects.add(new Part(GSON.toJsonTree(document)));
        }
        return new Manifests(objects);
    }

    private static boolean isThere() {
        return Arrays.stream(System.getenv().getOrDefault("PATH", "").split(":", -1))
                .anyMatch(folder -> Files.isExecutable(Path.of(folder, "kubectl")));
    }
}

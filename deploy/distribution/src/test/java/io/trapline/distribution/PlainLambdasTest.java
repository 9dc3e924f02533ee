package io.trapline.distribution;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.InputStream;
import java.io.Serializable;
import java.lang.classfile.ClassFile;
import java.lang.classfile.ClassHierarchyResolver;
import java.lang.classfile.CodeModel;
import java.lang.classfile.instruction.InvokeDynamicInstruction;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;
import java.util.zip.ZipEntry;
import java.util.zip.ZipFile;
import org.junit.jupiter.api.Test;

class PlainLambdasTest {
    private static final String SERIALIZABLE = "altMetafactory";

    /** As Pekko's functions are. */
    public interface Said extends Supplier<String>, Serializable {}

    /** What is made plain below. */
    public static final class Saying implements Supplier<Supplier<String>> {
        private final String said = "said";

        @Override
        public Said get() {
            return () -> said;
        }
    }

    /** Here somebody asks for more. */
    public static final class Insisting implements Supplier<Supplier<String>> {
        @Override
        public Supplier<String> get() {
            return (Supplier<String> & Serializable) () -> "insisted";
        }
    }

    @Test
    void aLambdaThatCanBeSerializedBecomesAPlainOneThatDoesTheSame() throws Exception {
        // Given
        byte[] old = bytesOf(Saying.class);
        assertThat(bootstraps(old)).contains(SERIALIZABLE);

        // When
        byte[] plain = new PlainLambdas(ClassHierarchyResolver.defaultResolver()).plain(old);

        // Then
        assertThat(bootstraps(plain)).contains("metafactory").doesNotContain(SERIALIZABLE);
        assertThat(((Supplier<?>) made(Saying.class, plain).get()).get()).isEqualTo("said");
    }

    @Test
    void aLambdaThatSomebodyTakesForSerializableStaysAsItIs() throws Exception {
        // When
        byte[] plain = new PlainLambdas(ClassHierarchyResolver.defaultResolver()).plain(bytesOf(Insisting.class));

        // Then
        assertThat(bootstraps(plain)).contains(SERIALIZABLE);
        assertThat(made(Insisting.class, plain).get()).isInstanceOf(Serializable.class);
    }

    @Test
    void nearlyAllLambdasOfPekkoAreMadePlain() throws Exception {
        // Given
        Path jar = Path.of(Class.forName(
                        "org.apache.pekko.actor.ActorSystem", false, getClass().getClassLoader())
                .getProtectionDomain()
                .getCodeSource()
                .getLocation()
                .toURI());
        PlainLambdas lambdas = new PlainLambdas(ClassHierarchyResolver.defaultResolver());
        Map<String, Integer> kinds = new HashMap<>();

        // When
        try (ZipFile zip = new ZipFile(jar.toFile())) {
            for (ZipEntry entry : zip.stream().map(ZipEntry.class::cast).toList()) {
                byte[] old = zip.getInputStream(entry).readAllBytes();
                if (PlainLambdas.mayBeIn(entry.getName(), old)) {
                    bootstraps(lambdas.plain(old)).forEach(kind -> kinds.merge(kind, 1, Integer::sum));
                }
            }
        }

        // Then
        assertThat(kinds.get("metafactory")).isGreaterThan(20 * kinds.getOrDefault(SERIALIZABLE, 0));
    }

    @Test
    void whatMentionsNoSuchLambdaIsNotLookedAt() throws Exception {
        assertThat(PlainLambdas.mayBeIn("A.class", bytesOf(Saying.class))).isTrue();
        assertThat(PlainLambdas.mayBeIn("A.class", bytesOf(List.class))).isFalse();
        assertThat(PlainLambdas.mayBeIn("A.txt", bytesOf(Saying.class))).isFalse();
    }

    private static Supplier<?> made(Class<?> type, byte[] bytes) throws ReflectiveOperationException {
        ClassLoader loader = new ClassLoader(PlainLambdasTest.class.getClassLoader()) {
            @Override
            protected Class<?> loadClass(String name, boolean resolve) throws ClassNotFoundException {
                return name.equals(type.getName())
                        ? defineClass(name, bytes, 0, bytes.length)
                        : super.loadClass(name, resolve);
            }
        };
        return (Supplier<?>) loader.loadClass(type.getName()).getConstructor().newInstance();
    }

    private static List<String> bootstraps(byte[] bytes) {
        return ClassFile.of().parse(bytes).methods().stream()
                .flatMap(method -> method.code().stream())
                .flatMap(CodeModel::elementStream)
                .filter(InvokeDynamicInstruction.class::isInstance)
                .map(element ->
                        ((InvokeDynamicInstruction) element).bootstrapMethod().methodName())
                .toList();
    }

    private static byte[] bytesOf(Class<?> type) throws IOException {
        try (InputStream bytes = type.getResourceAsStream("/" + type.getName().replace('.', '/') + ".class")) {
            return bytes == null ? Files.readAllBytes(Path.of("missing")) : bytes.readAllBytes();
        }
    }
}

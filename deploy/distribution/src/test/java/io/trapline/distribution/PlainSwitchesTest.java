package io.trapline.distribution;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.InputStream;
import java.lang.classfile.ClassFile;
import java.lang.classfile.ClassHierarchyResolver;
import java.lang.classfile.CodeModel;
import java.lang.classfile.instruction.InvokeDynamicInstruction;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class PlainSwitchesTest {
    private static final String SWITCH = "typeSwitch";

    /** What is switched over. */
    public sealed interface Shape {}

    /** A round one. */
    public record Circle(int radius) implements Shape {}

    /** A straight one. */
    public record Square(Object side) implements Shape {}

    /** By types, of which one is asked for twice, and inside of another. */
    public static final class ByType implements Function<Object, String> {
        @Override
        public String apply(@Nullable Object what) {
            String first = switch (what) {
                case null -> "null";
                case Circle circle when circle.radius() > 10 -> "large circle";
                case Circle circle when circle.radius() > 5 -> "circle";
                case Square(Circle inner) -> "square of " + inner.radius();
                case Square(String inner) -> "square of " + inner;
                case Shape shape -> "shape";
                case int[] numbers -> numbers.length + " numbers";
                default -> "else";
            };
            return first + other(what);
        }

        private static String other(@Nullable Object what) {
            return switch (what) {
                case CharSequence text -> ", text of " + text.length();
                case null, default -> "";
            };
        }
    }

    /** In a method of an interface. */
    public interface Asking extends Function<Object, String> {
        @Override
        default String apply(Object what) {
            return what instanceof Shape shape
                    ? switch (shape) {
                        case Circle circle -> "c" + circle.radius();
                        case Square square -> "s" + square.side();
                    }
                    : "none";
        }
    }

    /** Has that method. */
    public static final class Asked implements Asking {}

    /** By more than types. */
    public static final class ByConstant implements Function<Object, String> {
        @Override
        public String apply(Object what) {
            return switch (what) {
                case String text when text.isEmpty() -> "empty";
                case Thread.State state when state == Thread.State.NEW -> "new";
                default -> what instanceof Thread.State state ? named(state) : "else";
            };
        }

        private static String named(Thread.State state) {
            return switch ((Object) state) {
                case Thread.State.RUNNABLE -> "runs";
                case Thread.State.BLOCKED -> "waits";
                default -> "does something";
            };
        }
    }

    private static final List<Object> ALL = List.of(
            new Circle(11),
            new Circle(6),
            new Circle(1),
            new Square(new Circle(3)),
            new Square("text"),
            new Square(1),
            new int[] {1, 2},
            "text",
            "",
            7,
            Thread.State.NEW,
            Thread.State.RUNNABLE,
            Thread.State.BLOCKED,
            Thread.State.WAITING);

    @Test
    void aSwitchOverTypesAsksThemItselfAndSaysTheSame() throws Exception {
        // Given
        assertThat(bootstraps(bytesOf(ByType.class))).contains(SWITCH);

        // When
        byte[] plain = plain(ByType.class);

        // Then
        assertThat(bootstraps(plain)).doesNotContain(SWITCH);
        Function<@Nullable Object, String> made = made(ByType.class, Map.of(ByType.class.getName(), plain));
        Function<@Nullable Object, String> was = new ByType();
        assertThat(ALL).allSatisfy(each -> assertThat(made.apply(each)).isEqualTo(was.apply(each)));
        assertThat(made.apply(null)).isEqualTo(was.apply(null)).startsWith("null");
        assertThat(ClassFile.of().verify(plain)).isEmpty();
    }

    @Test
    void alsoInAnInterface() throws Exception {
        // Given
        assertThat(bootstraps(bytesOf(Asking.class))).contains(SWITCH);

        // When
        byte[] plain = plain(Asking.class);

        // Then
        assertThat(bootstraps(plain)).doesNotContain(SWITCH);
        Function<@Nullable Object, String> made =
                made(Asked.class, Map.of(Asking.class.getName(), plain, Asked.class.getName(), bytesOf(Asked.class)));
        assertThat(ALL).allSatisfy(each -> assertThat(made.apply(each)).isEqualTo(new Asked().apply(each)));
    }

    @Test
    void aSwitchOverMoreThanTypesStaysAsItIs() throws Exception {
        byte[] plain = plain(ByConstant.class);

        assertThat(bootstraps(plain)).contains(SWITCH);
        Function<Object, String> made = made(ByConstant.class, Map.of(ByConstant.class.getName(), plain));
        assertThat(ALL).allSatisfy(each -> assertThat(made.apply(each)).isEqualTo(new ByConstant().apply(each)));
    }

    @ParameterizedTest
    @ValueSource(classes = {List.class, PlainSwitchesTest.class})
    void whatHasNoneIsTheSame(Class<?> type) throws Exception {
        byte[] bytes = bytesOf(type);

        assertThat(bootstraps(new PlainSwitches(ClassHierarchyResolver.defaultResolver()).plain(bytes)))
                .isEqualTo(bootstraps(bytes));
        assertThat(PlainSwitches.mayBeIn("A.class", bytesOf(ByType.class))).isTrue();
        assertThat(PlainSwitches.mayBeIn("A.class", bytesOf(List.class))).isFalse();
    }

    private static byte[] plain(Class<?> type) throws IOException {
        return new PlainSwitches(ClassHierarchyResolver.ofClassLoading(PlainSwitchesTest.class.getClassLoader()))
                .plain(bytesOf(type));
    }

    @SuppressWarnings("unchecked")
    private static Function<@Nullable Object, String> made(Class<?> type, Map<String, byte[]> classes)
            throws ReflectiveOperationException {
        ClassLoader loader = new ClassLoader(PlainSwitchesTest.class.getClassLoader()) {
            @Override
            protected Class<?> loadClass(String name, boolean resolve) throws ClassNotFoundException {
                Class<?> before = findLoadedClass(name);
                byte[] bytes = before == null ? classes.get(name) : null;
                if (bytes != null) {
                    return defineClass(name, bytes, 0, bytes.length);
                }
                return before == null ? super.loadClass(name, resolve) : before;
            }
        };
        return (Function<@Nullable Object, String>)
                loader.loadClass(type.getName()).getConstructor().newInstance();
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
            return Objects.requireNonNull(bytes).readAllBytes();
        }
    }
}

package io.trapline.faults.containers;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemoryLayout.PathElement;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.VarHandle;

/** System calls of Linux that Java has no other way to. Each returns what the call does, or throws {@link IOException} with its errno where that is negative. */
enum SystemCall {
    OPEN("open", JAVA_INT, 2, ADDRESS, JAVA_INT),
    CLOSE("close", JAVA_INT, -1, JAVA_INT),
    SETNS("setns", JAVA_INT, -1, JAVA_INT, JAVA_INT),
    SOCKET("socket", JAVA_INT, -1, JAVA_INT, JAVA_INT, JAVA_INT),
    BIND("bind", JAVA_INT, -1, JAVA_INT, ADDRESS, JAVA_INT),
    SETSOCKOPT("setsockopt", JAVA_INT, -1, JAVA_INT, JAVA_INT, JAVA_INT, ADDRESS, JAVA_INT),
    SEND("send", JAVA_LONG, -1, JAVA_INT, ADDRESS, JAVA_LONG, JAVA_INT),
    RECV("recv", JAVA_LONG, -1, JAVA_INT, ADDRESS, JAVA_LONG, JAVA_INT),
    POLL("poll", JAVA_INT, -1, ADDRESS, JAVA_LONG, JAVA_INT);

    private static final VarHandle ERRNO =
            Linker.Option.captureStateLayout().varHandle(PathElement.groupElement("errno"));

    private final String name;

    @SuppressWarnings("ImmutableEnumChecker") // A method handle is.
    private final MethodHandle function;

    /** {@code fixed}: how many arguments come before those that vary in number; -1 = none vary. */
    @SuppressWarnings("restricted") // Whoever runs the tests has allowed it: --enable-native-access.
    SystemCall(String name, MemoryLayout result, int fixed, MemoryLayout... arguments) {
        this.name = name;
        Linker.Option errno = Linker.Option.captureCallState("errno");
        FunctionDescriptor shape = FunctionDescriptor.of(result, arguments);
        Linker linker = Linker.nativeLinker();
        MemorySegment address = linker.defaultLookup().findOrThrow(name);
        this.function = fixed < 0
                ? linker.downcallHandle(address, shape, errno)
                : linker.downcallHandle(address, shape, errno, Linker.Option.firstVariadicArg(fixed));
    }

    int with(Object... arguments) throws IOException {
        try (Arena local = Arena.ofConfined()) {
            MemorySegment state = local.allocate(Linker.Option.captureStateLayout());
            Object[] all = new Object[arguments.length + 1];
            all[0] = state;
            System.arraycopy(arguments, 0, all, 1, arguments.length);
            long result = ((Number) function.invokeWithArguments(all)).longValue();
            if (result < 0) {
                throw new IOException(name + " failed with errno " + (int) ERRNO.get(state, 0L));
            }
            return (int) result;
        } catch (IOException | RuntimeException | Error failed) {
            throw failed;
        } catch (Throwable impossible) {
            throw new IllegalStateException(impossible);
        }
    }
}

package io.trapline.cli;

import java.lang.reflect.InvocationHandler;
import java.lang.reflect.Proxy;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * SIGTERM and SIGINT once more, while the process is about to end by the first: the JVM itself does not listen any more then. By reflection, since
 * {@code sun.misc.Signal} is there in every JVM and cannot be named without a warning; where it is not, nobody hears the second signal.
 */
final class SecondSignal {
    private static final Logger LOG = LoggerFactory.getLogger(SecondSignal.class);

    private SecondSignal() {}

    /** Runs something, on another thread, for each of those signals from now on. Only for a process whose end has begun. */
    static void handle(Runnable action) {
        try {
            Class<?> signal = Class.forName("sun.misc.Signal");
            Class<?> handler = Class.forName("sun.misc.SignalHandler");
            InvocationHandler invoked = (proxy, method, arguments) -> {
                if (method.getName().equals("handle")) {
                    action.run();
                }
                return null;
            };
            Object listening =
                    Proxy.newProxyInstance(SecondSignal.class.getClassLoader(), new Class<?>[] {handler}, invoked);
            for (String name : new String[] {"TERM", "INT"}) {
                signal.getMethod("handle", signal, handler)
                        .invoke(null, signal.getConstructor(String.class).newInstance(name), listening);
            }
        } catch (ReflectiveOperationException | IllegalArgumentException cannot) {
            LOG.info("a second signal is not heard: {}", cannot.toString());
        }
    }
}

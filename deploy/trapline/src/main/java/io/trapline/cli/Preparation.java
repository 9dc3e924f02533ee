package io.trapline.cli;

import com.typesafe.config.ConfigFactory;
import java.util.Arrays;
import java.util.Set;
import org.slf4j.LoggerFactory;
import org.slf4j.bridge.SLF4JBridgeHandler;

/**
 * What a command needs of the jars on its class path whatever its arguments say: read on a thread of its own while the command line is built, for both take a
 * tenth of a second of a start.
 */
final class Preparation {
    /** Those that run actors in this process. */
    private static final Set<String> WITH_ACTORS = Set.of("up", "coordinator", "node", "demo");

    private final Thread reader;

    private Preparation(Thread reader) {
        this.reader = reader;
    }

    /** Begins to read what the command in {@code args} needs. */
    static Preparation begin(String... args) {
        boolean hasActors = Arrays.stream(args).anyMatch(WITH_ACTORS::contains);
        Thread reader = new Thread(() -> read(hasActors), "preparation");
        reader.setDaemon(true);
        reader.start();
        return new Preparation(reader);
    }

    /** Returns when all of it has been read; what could not be read says so to whoever uses it. */
    void await() {
        try {
            reader.join();
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    private static void read(boolean hasActors) {
        LoggerFactory.getILoggerFactory();
        // gRPC logs by the JDK's way.
        SLF4JBridgeHandler.removeHandlersForRootLogger();
        SLF4JBridgeHandler.install();
        if (hasActors) {
            // It keeps what it has read for whoever starts actors.
            ConfigFactory.load();
        }
    }
}

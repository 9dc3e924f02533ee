package io.trapline.server;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.LoggerContext;
import ch.qos.logback.classic.encoder.PatternLayoutEncoder;
import ch.qos.logback.classic.spi.Configurator;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.ConsoleAppender;
import ch.qos.logback.core.joran.spi.ConsoleTarget;
import ch.qos.logback.core.spi.ContextAwareBase;
import java.util.List;
import org.slf4j.Logger;

/**
 * What is logged, and where to: warnings, to stderr, since stdout belongs to the command. {@code TRAPLINE_LOG} sets the level of our own lines. A file of Logback's,
 * {@code -Dlogback.configurationFile} or {@code logback.xml} on the class path, takes its place.
 *
 * <p>In Java, since to read the same from XML takes a process 30 ms of its start.
 */
public final class Logs extends ContextAwareBase implements Configurator {
    private static final String LEVEL_VARIABLE = "TRAPLINE_LOG";
    private static final String FILE_PROPERTY = "logback.configurationFile";
    private static final List<String> FILES = List.of("logback-test.xml", "logback.xml");
    private static final String PATTERN = "%d{HH:mm:ss.SSS} %-5level %logger{0}: %msg%n";
    /** Of exceptions that are not ours their first line. */
    private static final String OTHERS_PATTERN = PATTERN + "%ex{0}";

    @Override
    public ExecutionStatus configure(LoggerContext context) {
        if (System.getProperty(FILE_PROPERTY) != null || FILES.stream().anyMatch(Logs::isOnClassPath)) {
            return ExecutionStatus.INVOKE_NEXT_IF_ANY;
        }
        toStderr(context);
        return ExecutionStatus.DO_NOT_INVOKE_NEXT_IF_ANY;
    }

    /** Where no file says otherwise. */
    static void toStderr(LoggerContext context) {
        Level ours = Level.toLevel(System.getenv(LEVEL_VARIABLE), Level.WARN);
        context.getLogger(Logger.ROOT_LOGGER_NAME).setLevel(Level.WARN);
        context.getLogger(Logger.ROOT_LOGGER_NAME).addAppender(stderr(context, PATTERN));
        context.getLogger("io.trapline").setLevel(ours);
        // Its leader changes and file names are ours to tell.
        context.getLogger("org.apache.ratis").setLevel(Level.ERROR);
        context.getLogger("org.apache.ratis").setAdditive(false);
        context.getLogger("org.apache.ratis").addAppender(stderr(context, OTHERS_PATTERN));
        // What clients do to their own connections and calls is told to them.
        context.getLogger("io.grpc.netty").setLevel(Level.ERROR);
        context.getLogger("io.grpc.internal").setLevel(Level.ERROR);
        // It would end with the process by itself; ours ends it in order.
        context.getLogger("org.apache.pekko.actor.CoordinatedShutdown").setLevel(Level.ERROR);
    }

    private static ConsoleAppender<ILoggingEvent> stderr(LoggerContext context, String pattern) {
        PatternLayoutEncoder encoder = new PatternLayoutEncoder();
        encoder.setContext(context);
        encoder.setPattern(pattern);
        encoder.start();
        ConsoleAppender<ILoggingEvent> appender = new ConsoleAppender<>();
        appender.setContext(context);
        appender.setName("STDERR");
        appender.setTarget(ConsoleTarget.SystemErr.getName());
        appender.setEncoder(encoder);
        appender.start();
        return appender;
    }

    private static boolean isOnClassPath(String file) {
        return Logs.class.getClassLoader().getResource(file) != null;
    }
}

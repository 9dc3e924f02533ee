package io.trapline.model;

import java.lang.annotation.Documented;
import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

/**
 * Marks a class that decides: its answer follows from its state and its arguments alone.
 *
 * <p>No Pekko, no gRPC, no threads, no clock, no I/O; time and ids come in as arguments. Such a class, with all that is
 * nested in it, knows {@code java.lang}, {@code java.util}, the classes of this package and other pure ones; the
 * coordinator's registry and what follows it in a node know the messages of {@code trapline.internal.v1} besides. A test in {@code deploy/trapline}
 * refuses everything else, so that the code which runs is the code which is simulated.
 */
@Documented
@Target(ElementType.TYPE)
@Retention(RetentionPolicy.CLASS)
public @interface Pure {}

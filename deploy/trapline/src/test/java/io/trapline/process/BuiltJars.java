package io.trapline.process;

import io.trapline.testing.ProgramJvm;
import org.junit.jupiter.api.extension.BeforeAllCallback;
import org.junit.jupiter.api.extension.ExtensionContext;

/**
 * Lets the processes that tests start run from jars, since only with a class path that begins with those that it was made for is a start
 * cache of use. {@code ./check} names what it has built in the property {@value ProgramJvm#JARS}; without it processes run from the classes that the
 * tests run from.
 */
public final class BuiltJars implements BeforeAllCallback {
    @Override
    public void beforeAll(ExtensionContext context) {
        System.setProperty("java.class.path", ProgramJvm.classPath());
    }
}

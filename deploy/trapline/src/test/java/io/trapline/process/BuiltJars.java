package io.trapline.process;

import java.io.File;
import org.junit.jupiter.api.extension.BeforeAllCallback;
import org.junit.jupiter.api.extension.ExtensionContext;

/**
 * Lets the processes that tests start run from jars, since only with a class path that begins with those that it was made for is a start
 * cache of use. {@code ./check} names what it has built in the property {@value #JARS}; without it processes run from the classes that the
 * tests run from.
 */
public final class BuiltJars implements BeforeAllCallback {
    private static final String JARS = "trapline.process.jars";
    private static final String CLASS_PATH = "java.class.path";

    @Override
    public void beforeAll(ExtensionContext context) {
        context.getRoot()
                .getStore(ExtensionContext.Namespace.create(BuiltJars.class))
                .getOrComputeIfAbsent(JARS, once -> begin());
    }

    /** What tests add to the program, such as a planted main class, comes after the jars. */
    private static String begin() {
        String jars = System.getProperty(JARS, "");
        if (!jars.isEmpty()) {
            System.setProperty(CLASS_PATH, jars + File.pathSeparator + System.getProperty(CLASS_PATH));
        }
        return jars;
    }
}

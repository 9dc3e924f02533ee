package io.trapline.cli.chaos;

import io.trapline.cli.TraplineCommand;

/** A build of Trapline that breaks a promise, with a main of its own: what {@code chaos} must find in processes. */
final class Planted {
    private Planted() {}

    /** A claim is given while another server holds the type (C2). */
    static final class ClaimedTwice {
        private ClaimedTwice() {}

        /** Runs the command. */
        public static void main(String[] arguments) throws ReflectiveOperationException {
            run("io.trapline.coordinator.registry.Claims", "busy", arguments);
        }
    }

    private static void run(String plantedClass, String plantedMethod, String[] arguments)
            throws ReflectiveOperationException {
        PlantingLoader loader = new PlantingLoader(plantedClass, plantedMethod);
        Thread.currentThread().setContextClassLoader(loader);
        loader.loadClass(TraplineCommand.class.getName())
                .getMethod("main", String[].class)
                .invoke(null, (Object) arguments);
    }
}

package io.trapline.cli.chaos;

import java.io.IOException;
import org.jspecify.annotations.Nullable;

/** What is done to processes and to the ways between them. */
interface Harm {
    /** {@code kill -9}. */
    void kill(long pid);

    /** Stops a process as it is. */
    void stop(long pid) throws IOException, InterruptedException;

    /** Lets it go on. */
    void goOn(long pid) throws IOException, InterruptedException;

    /** From now on the second hears nothing of what the first says. */
    void hold(String from, String to);

    /** Everybody hears everybody again. */
    void heal();

    /** It is done; without wires nothing is held. */
    static Harm of(@Nullable Wires wires) {
        return new Harm() {
            @Override
            public void kill(long pid) {
                Processes.kill(pid);
            }

            @Override
            public void stop(long pid) throws IOException, InterruptedException {
                Processes.signal("STOP", pid);
            }

            @Override
            public void goOn(long pid) throws IOException, InterruptedException {
                Processes.signal("CONT", pid);
            }

            @Override
            public void hold(String from, String to) {
                if (wires != null) {
                    wires.hold(from, to);
                }
            }

            @Override
            public void heal() {
                if (wires != null) {
                    wires.heal();
                }
            }
        };
    }
}

package io.trapline.cli;

import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintWriter;

/**
 * Where the process prints. Once that fails, because whoever read it has gone or the disk is full, a command that goes on and on would do
 * so for nobody: it is asked to end, and where it does not listen the process ends. A reader that has gone is not worth a message.
 */
final class StandardOutput extends OutputStream {
    private final OutputStream target;
    private final PrintWriter err;
    private final Interrupt interrupt;
    private volatile boolean isLost;

    StandardOutput(OutputStream target, PrintWriter err, Interrupt interrupt) {
        this.target = target;
        this.err = err;
        this.interrupt = interrupt;
    }

    /** Whether something could not be printed. */
    boolean isLost() {
        return isLost;
    }

    @Override
    public void write(int one) throws IOException {
        write(new byte[] {(byte) one}, 0, 1);
    }

    @Override
    public void write(byte[] bytes, int from, int length) throws IOException {
        try {
            target.write(bytes, from, length);
        } catch (IOException failed) {
            if (!isLost) {
                isLost = true;
                giveUp(String.valueOf(failed.getMessage()));
            }
            throw failed;
        }
    }

    @Override
    public void flush() throws IOException {
        target.flush();
    }

    private void giveUp(String why) {
        if (!why.contains("Broken pipe")) {
            err.println("trapline: standard output: " + why);
            err.flush();
        }
        interrupt.requestOrExit(ExitCode.CHECK_FAILED);
    }
}

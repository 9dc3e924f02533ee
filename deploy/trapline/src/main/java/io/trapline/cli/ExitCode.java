package io.trapline.cli;

/** What a command leaves the shell with. */
final class ExitCode {
    /** Done. */
    static final int DONE = 0;
    /** A check of the command found something wrong, or the command itself broke. */
    static final int CHECK_FAILED = 1;
    /** The command line cannot be understood. */
    static final int USAGE = 2;
    /** Trapline said no; the errno is printed. */
    static final int REFUSED = 3;
    /** Nobody answered. */
    static final int UNREACHABLE = 4;

    private ExitCode() {}
}

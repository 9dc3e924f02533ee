package io.trapline.server;

import java.util.regex.Pattern;

/** What a machine says of a socket that it does not give, as a person reads it, whether Java or native code asked for it. */
public final class SocketReason {
    /** {@code bind(..) failed with error(-98): Address already in use}. */
    private static final Pattern CALL = Pattern.compile("^.*failed( with error\\(-?\\d+\\))?: ");

    private SocketReason() {}

    /** Of the first cause. */
    public static String of(Throwable failed) {
        Throwable root = failed;
        while (root.getCause() != null) {
            root = root.getCause();
        }
        String message = String.valueOf(root.getMessage());
        return CALL.matcher(message.lines().findFirst().orElse(message)).replaceFirst("");
    }
}

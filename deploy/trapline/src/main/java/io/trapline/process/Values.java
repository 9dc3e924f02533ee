package io.trapline.process;

import io.trapline.model.Pure;
import io.trapline.server.ListenAddress;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** How values of settings are written. Every method throws IllegalArgumentException with what is wrong, for a person. */
@Pure
public final class Values {
    private static final Duration LONGEST = Duration.ofDays(366);
    private static final Pattern DURATION = Pattern.compile("(\\d{1,12})(ms|s|m|h)");
    private static final Pattern SIZE = Pattern.compile("(\\d{1,15})(|KiB|MiB|GiB|TiB)");
    private static final Pattern NAME = Pattern.compile("[A-Za-z0-9][A-Za-z0-9._-]{0,63}");
    private static final Pattern UUID = Pattern.compile("[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}");
    private static final Set<String> LEVELS = Set.of("error", "warn", "info", "debug");

    private Values() {}

    /** {@code 250ms}, {@code 40s}, {@code 5m} or {@code 2h}; {@code 0} needs no unit. */
    public static Duration duration(String text) {
        if (text.equals("0")) {
            return Duration.ZERO;
        }
        Matcher form = DURATION.matcher(text);
        if (!form.matches()) {
            throw new IllegalArgumentException("'" + text + "' is no duration such as 250ms, 40s, 5m or 2h");
        }
        long amount = Long.parseLong(form.group(1));
        Duration duration = switch (form.group(2)) {
            case "ms" -> Duration.ofMillis(amount);
            case "s" -> Duration.ofSeconds(amount);
            case "m" -> Duration.ofMinutes(amount);
            default -> Duration.ofHours(amount);
        };
        if (duration.compareTo(LONGEST) > 0) {
            throw new IllegalArgumentException("'" + text + "' is longer than a year");
        }
        return duration;
    }

    /** Bytes: {@code 4GiB}, {@code 512MiB} or a plain number; at least 2 MiB, at most 2^62. */
    public static long memory(String text) {
        Matcher form = SIZE.matcher(text);
        if (!form.matches()) {
            throw new IllegalArgumentException("'" + text + "' is no size such as 4GiB, 512MiB or 1073741824");
        }
        int shift = switch (form.group(2)) {
            case "KiB" -> 10;
            case "MiB" -> 20;
            case "GiB" -> 30;
            case "TiB" -> 40;
            default -> 0;
        };
        long amount = Long.parseLong(form.group(1));
        if (amount > (1L << 62) >> shift || amount << shift < 2L << 20) {
            throw new IllegalArgumentException("'" + text + "' is not 2MiB … 2^62 bytes");
        }
        return amount << shift;
    }

    /** An id: 1 … 64 letters, digits, dots, dashes and underscores, a letter or digit first. */
    static String name(String text) {
        if (!NAME.matcher(text).matches()) {
            throw new IllegalArgumentException(
                    "'" + text + "' is no id: 1 … 64 of A-Z a-z 0-9 . _ -, a letter or digit first");
        }
        return text;
    }

    static String uuid(String text) {
        String lower = text.toLowerCase(Locale.ROOT);
        if (!UUID.matcher(lower).matches()) {
            throw new IllegalArgumentException("'" + text + "' is no UUID");
        }
        return lower;
    }

    static boolean bool(String text) {
        return switch (text) {
            case "true", "" -> true;
            case "false" -> false;
            default -> throw new IllegalArgumentException("'" + text + "' is neither true nor false");
        };
    }

    static String path(String text) {
        if (text.isEmpty()) {
            throw new IllegalArgumentException("is empty");
        }
        return text;
    }

    static String level(String text) {
        if (!LEVELS.contains(text)) {
            throw new IllegalArgumentException("'" + text + "' is none of error, warn, info, debug");
        }
        return text;
    }

    /** Addresses, separated by commas; at least one, none twice. */
    static List<ListenAddress> addresses(String text) {
        List<ListenAddress> addresses = Arrays.stream(text.split(",", -1))
                .map(each -> reachable(each.strip()))
                .toList();
        if (Set.copyOf(addresses).size() < addresses.size()) {
            throw new IllegalArgumentException("'" + text + "' names an address twice");
        }
        return addresses;
    }

    /** An address that others can connect to: it has a port. */
    static ListenAddress reachable(String text) {
        ListenAddress address = ListenAddress.parse(text);
        if (address.port() == 0) {
            throw new IllegalArgumentException("'" + text + "' has no port that others could connect to");
        }
        return address;
    }

    /** {@code id=host:raftport,host:port}, several separated by blanks or semicolons. */
    static List<CoordinatorSettings.Peer> peers(String text) {
        return Arrays.stream(text.strip().split("[;\\s]+", -1))
                .map(Values::peer)
                .toList();
    }

    /** {@code id=host:raftport,host:port}. */
    public static CoordinatorSettings.Peer peer(String text) {
        int sign = text.indexOf('=');
        int comma = text.indexOf(',');
        if (sign < 0 || comma < sign) {
            throw new IllegalArgumentException("'" + text + "' is no 'id=host:raftport,host:port'");
        }
        return new CoordinatorSettings.Peer(
                name(text.substring(0, sign)),
                reachable(text.substring(sign + 1, comma)),
                reachable(text.substring(comma + 1)));
    }

    /** Whether that host is an address beyond loopback. Of a name nobody knows before it is resolved. */
    static boolean isBeyondLoopback(String host) {
        boolean isAddress = host.indexOf(':') >= 0 || host.matches("[0-9.]+");
        return isAddress && !host.startsWith("127.") && !host.equals("::1");
    }

    /** Whether that host means every address of the machine, so that nobody can connect to it by that. */
    static boolean isWildcard(String host) {
        return host.equals("0.0.0.0") || host.equals("::");
    }
}

package io.trapline.coordinator.grpc;

import io.trapline.model.Errno;
import io.trapline.model.Limit;
import io.trapline.model.Refusal;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.Function;

/** Pages of lists. A token says what its page ended with; one that we have not made is EINVAL. */
final class PageTokens {
    private static final int MAX_TOKEN_CHARS = 512;

    private PageTokens() {}

    /** A token that is none of ours. */
    static final class MalformedException extends Exception {
        private final String token;

        MalformedException(String token) {
            super("page_token");
            this.token = token;
        }

        Refusal refusal() {
            String shown = token.length() > 64 ? token.substring(0, 64) + "…" : token;
            return Refusal.of(Errno.EINVAL, "page_token = \"" + shown + "\": not one that a list has returned")
                    .with("field", "page_token")
                    .with("value", shown);
        }
    }

    /** How many entries a page has: at most the limit, which is also what 0 asks for. */
    static int size(int asked) {
        long unsigned = Integer.toUnsignedLong(asked);
        return unsigned == 0 || unsigned > Limit.MAX_PAGE_SIZE.value() ? Limit.MAX_PAGE_SIZE.intValue() : asked;
    }

    /** A token of so many numbers, 0 and up; all 0 for the first page. */
    static long[] numbers(String token, int count) throws MalformedException {
        if (token.isEmpty()) {
            return new long[count];
        }
        String[] parts = token.length() > MAX_TOKEN_CHARS ? new String[0] : token.split("\\.", -1);
        if (parts.length != count || !Arrays.stream(parts).allMatch(part -> part.matches("[0-9]{1,18}"))) {
            throw new MalformedException(token);
        }
        return Arrays.stream(parts).mapToLong(Long::parseLong).toArray();
    }

    /** A key that is an int; beyond the last one where the number is none. */
    static int toInt(long number) {
        return (int) Math.min(number, Integer.MAX_VALUE);
    }

    static String token(long... numbers) {
        return String.join(".", Arrays.stream(numbers).mapToObj(Long::toString).toList());
    }

    /** A token that is a name. */
    static String name(String token) throws MalformedException {
        if (token.isEmpty()) {
            return "";
        }
        if (!token.startsWith("after ") || token.length() > MAX_TOKEN_CHARS) {
            throw new MalformedException(token);
        }
        return token.substring("after ".length());
    }

    static String nameToken(String name) {
        return "after " + name;
    }

    /**
     * One page of what was read.
     *
     * @param entries the page
     * @param nextToken empty on the last one
     */
    record Page<T>(List<T> entries, String nextToken) {
        /** Of one entry more than the page holds, which says that there is another page. */
        static <T> Page<T> of(List<T> oneMore, int size, Function<T, String> token) {
            if (oneMore.size() <= size) {
                return new Page<>(oneMore, "");
            }
            List<T> entries = new ArrayList<>(oneMore.subList(0, size));
            return new Page<>(entries, token.apply(entries.getLast()));
        }
    }
}

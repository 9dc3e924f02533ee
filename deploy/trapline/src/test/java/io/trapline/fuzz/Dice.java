package io.trapline.fuzz;

import com.google.protobuf.ByteString;
import java.util.List;
import java.util.Random;

/** Everything that is left to chance; the same seed, the same requests. Not thread-safe: one for each thread. */
final class Dice {
    private final long seed;
    private final Random random;

    Dice(long seed) {
        this.seed = seed;
        random = new Random(seed);
    }

    /** Another one that depends on the seed and the name alone. */
    Dice fork(String name) {
        return new Dice(seed * 31 + name.hashCode());
    }

    boolean chance(int percent) {
        return random.nextInt(100) < percent;
    }

    int below(int bound) {
        return random.nextInt(bound);
    }

    /** Both ends inclusive. */
    int between(int low, int high) {
        return low + random.nextInt(high - low + 1);
    }

    long anyLong() {
        return random.nextLong();
    }

    @SafeVarargs
    final <T> T pick(T... of) {
        return of[random.nextInt(of.length)];
    }

    <T> T pick(List<T> of) {
        return of.get(random.nextInt(of.size()));
    }

    /** Above the limit, as an uint32. */
    long above32(long limit) {
        long most = 0xFFFF_FFFFL;
        return switch (below(4)) {
            case 0 -> limit + 1;
            case 1 -> most;
            case 2 -> Math.max(limit + 1, Integer.MAX_VALUE);
            default -> limit + 1 + Math.floorMod(random.nextLong(), most - limit);
        };
    }

    /** Above the limit, as an uint64: negative ones are large. */
    long above64(long limit) {
        return switch (below(5)) {
            case 0 -> limit + 1;
            case 1 -> -1;
            case 2 -> Long.MAX_VALUE;
            case 3 -> Long.MIN_VALUE;
            default -> limit + 1 + (random.nextLong() >>> 1) % (Long.MAX_VALUE - limit);
        };
    }

    ByteString bytes(int size) {
        byte[] bytes = new byte[size];
        random.nextBytes(bytes);
        return ByteString.copyFrom(bytes);
    }

    /** Letters of many alphabets, control characters included. */
    String text(int most) {
        StringBuilder text = new StringBuilder();
        int length = below(most + 1);
        for (int i = 0; i < length; i++) {
            text.appendCodePoint(chance(80) ? between(32, 126) : between(1, 0xD7FF));
        }
        return text.toString();
    }
}

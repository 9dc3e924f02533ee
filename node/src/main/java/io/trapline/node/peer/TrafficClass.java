package io.trapline.node.peer;

import io.trapline.model.Pure;

/**
 * The kinds of frames, each with credit of its own: one waits only for those before it, so that no circle of nodes waits for itself (D-19, V-15). Class 1
 * is the node's session with the coordinators, which is on no link.
 */
@Pure
public enum TrafficClass {
    /** Changes of shards for their backups. */
    REPLICATION(2, 16 << 20),
    /** What comes of something: outcomes, what a server gives back, answers to calls, and calls that a server has let pass. */
    ANSWERS(3, 8 << 20),
    /** Memory and type calls, recalls. */
    CALLS(4, 8 << 20),
    /** Accesses, and ioreqs. */
    ACCESSES(5, 4 << 20);

    private static final TrafficClass[] ALL = values();
    private static final int FIRST = 2;

    private final int number;
    private final int initialCreditBytes;

    TrafficClass(int number, int initialCreditBytes) {
        this.number = number;
        this.initialCreditBytes = initialCreditBytes;
    }

    /** How many there are. */
    static int count() {
        return ALL.length;
    }

    static TrafficClass at(int index) {
        return ALL[index];
    }

    /** Whether a class of frames has that number. */
    static boolean isNumber(int number) {
        return number >= FIRST && number < FIRST + ALL.length;
    }

    /** The class with that number. Throws {@link IllegalArgumentException} for one that no class has. */
    static TrafficClass ofNumber(int number) {
        if (!isNumber(number)) {
            throw new IllegalArgumentException("class = " + number + ": 2 … 5");
        }
        return ALL[number - FIRST];
    }

    /** 0 and up, for columns by class. */
    int index() {
        return number - FIRST;
    }

    /** 2 … 5. */
    public int number() {
        return number;
    }

    /** How many bytes may be under way between two lives before the receiver's actors have taken any. */
    public int initialCreditBytes() {
        return initialCreditBytes;
    }
}

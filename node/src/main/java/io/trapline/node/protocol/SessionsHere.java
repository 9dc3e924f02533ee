package io.trapline.node.protocol;

/** Which client sessions there are, as a node knows, and how many answers its shards keep for them (section E). Any thread. */
public interface SessionsHere {
    /** None ends, and there is room for every answer. */
    SessionsHere ENDLESS = new SessionsHere() {
        @Override
        public boolean hasEnded(long session) {
            return false;
        }

        @Override
        public long acknowledgedThrough(long session) {
            return 0;
        }

        @Override
        public void watch(long session, Runnable ended) {}

        @Override
        public void unwatch(long session, Runnable ended) {}

        @Override
        public void keep(int more) {}

        @Override
        public boolean isFull() {
            return false;
        }
    };

    /** Whether it has ended. One that the node has not heard of yet has not. */
    boolean hasEnded(long session);

    /** Up to which of its calls the session's client has all answers, as far as the node has heard. */
    long acknowledgedThrough(long session);

    /**
     * Has something run when the session's client has acknowledged more, at most once a second, and when the session ends, or has ended, once; on any thread. The same
     * for the same session is run once.
     */
    void watch(long session, Runnable changed);

    /** Has it not run any more. */
    void unwatch(long session, Runnable changed);

    /** So many answers more are kept here; less than 0 = fewer. */
    void keep(int more);

    /** Whether as many are kept as a node may. */
    boolean isFull();
}

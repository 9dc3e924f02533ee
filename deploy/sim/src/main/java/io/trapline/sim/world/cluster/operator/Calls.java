package io.trapline.sim.world.cluster.operator;

import io.trapline.internal.v1.Answer;
import io.trapline.internal.v1.Command;
import io.trapline.sim.world.cluster.host.SimHost;

/** How an operator reaches coordinators. */
public interface Calls {
    /** What comes of an attempt: one of them, once. */
    interface Attempt {
        /** The call returns. */
        void returned(Answer answer);

        /**
         * It was refused and had no effect: whoever was asked does not lead.
         *
         * @param leader the leader's address, if it was said; else empty
         */
        void refused(String leader);

        /** Nobody can say what became of it. */
        void lost();
    }

    /** Whoever makes the attempt does not care. */
    Attempt UNHEARD = new Attempt() {
        @Override
        public void returned(Answer answer) {}

        @Override
        public void refused(String leader) {}

        @Override
        public void lost() {}
    };

    /**
     * Makes an attempt.
     *
     * @param waits whether the call waits for the drain that it begins
     */
    void call(SimHost from, String coordinator, Command command, boolean waits, Attempt attempt);
}

package io.trapline.sim.world;

import io.trapline.client.KeptAnswers.Verdict;
import io.trapline.sim.world.part.Seams;

/** Seams of emulators whose library is wrong. */
final class WrongEmulators {
    private WrongEmulators() {}

    static final class ActsTwice extends Seams {
        @Override
        public Verdict verdict(Verdict verdict) {
            return verdict == Verdict.REPEAT ? Verdict.ACT : verdict;
        }
    }

    static final class ActsAfterRelease extends Seams {
        @Override
        public Verdict verdict(Verdict verdict) {
            return verdict == Verdict.REFUSE ? Verdict.ACT : verdict;
        }
    }
}

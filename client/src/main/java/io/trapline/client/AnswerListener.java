package io.trapline.client;

/** Hears the answers to accesses that were submitted in columns. Called for one batch at a time, in the order of arrival. */
@FunctionalInterface
public interface AnswerListener {
    /** Outcomes of one vCPU. Runs on the guest's executor ({@link GuestOptions}) and may submit more where that is not the stream's. */
    void answered(AccessAnswers answers);
}

package io.trapline.coordinator.registry;

import io.trapline.internal.v1.ClientSession;
import io.trapline.internal.v1.KeptAnswer;
import io.trapline.model.Pure;
import java.util.Optional;
import java.util.TreeMap;

/** One client session: the first answers to its requests, until the client acknowledges them (section E). */
@Pure
final class KeptAnswers {
    private final TreeMap<Long, KeptAnswer> answers = new TreeMap<>();
    private long acknowledgedThrough;

    static KeptAnswers of(ClientSession session) {
        KeptAnswers kept = new KeptAnswers();
        kept.acknowledgedThrough = session.getAcknowledgedThrough();
        session.getAnswersList().forEach(answer -> kept.answers.put(answer.getNumber(), answer));
        return kept;
    }

    ClientSession toMessage(long session) {
        return ClientSession.newBuilder()
                .setSession(session)
                .setAcknowledgedThrough(acknowledgedThrough)
                .addAllAnswers(answers.values())
                .build();
    }

    long acknowledgedThrough() {
        return acknowledgedThrough;
    }

    int size() {
        return answers.size();
    }

    Optional<KeptAnswer> answer(long number) {
        return Optional.ofNullable(answers.get(number));
    }

    void keep(KeptAnswer answer) {
        answers.put(answer.getNumber(), answer);
    }

    /** Forgets answers up to the number; a lower one than before changes nothing. */
    void acknowledge(long through) {
        if (through > acknowledgedThrough) {
            acknowledgedThrough = through;
            answers.headMap(through, true).clear();
        }
    }
}

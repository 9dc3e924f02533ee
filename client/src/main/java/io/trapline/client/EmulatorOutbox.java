package io.trapline.client;

import io.trapline.model.Limit;

/** Sends an emulator's answers, and credit, as far as its stream takes them. With the emulator's lock held. */
final class EmulatorOutbox {
    private final EmulatorLedger ledger;
    private long batches;
    private long granted;
    private boolean isSending;

    EmulatorOutbox(EmulatorLedger ledger) {
        this.ledger = ledger;
    }

    /** A new stream begins with that credit. */
    void begin(int credit) {
        granted = credit;
    }

    /** Sends while the stream takes more. */
    void send(EmulatorStream to) {
        // An in-process transport may call back into this method while it sends.
        if (isSending) {
            return;
        }
        isSending = true;
        try {
            while (!ledger.pending().isEmpty() && to.isReady()) {
                to.sendAnswers(ledger.pending().nextAnswers(++batches));
            }
            if (to.isReady()) {
                sendCredit(to);
            }
        } finally {
            isSending = false;
        }
    }

    /** Sends all answers, for the last time. They are no more than the credit. */
    void sendLast(EmulatorStream to) {
        while (!ledger.pending().isEmpty()) {
            to.sendAnswers(ledger.pending().nextAnswers(++batches));
        }
    }

    private void sendCredit(EmulatorStream to) {
        int rows = (int) Math.min(ledger.takeCredit(), Limit.MAX_CREDIT.value() - granted);
        if (rows > 0) {
            granted += rows;
            to.sendCredit(rows);
        }
    }
}

package io.trapline.cli.verify;

import io.trapline.client.ServerRef;
import io.trapline.faults.proxy.CutProxy;
import io.trapline.faults.proxy.CutProxy.Direction;
import java.util.concurrent.TimeUnit;

/** Cuts the emulator's connection when it has carried a script out and its answers have not arrived. Used by one thread. */
final class EmulatorCuts {
    private static final long POLL_MILLIS = 20;
    /** So many looks in a row at which nothing more has gone to and fro: the emulator is done with what it was passed. */
    private static final int QUIET_LOOKS = 15;

    private static final int MOST_LOOKS = 150;

    /** Far more than a window of kept answers of every vCPU takes, and far less than those of all scripts so far. */
    private static final long MOST_RESUMPTION_BYTES = 128 << 10;

    private final CutProxy relay;
    private final ServerRef server;
    private long resumptionBytes;

    EmulatorCuts(CutProxy relay, ServerRef server) {
        this.relay = relay;
        this.server = server;
    }

    /** Runs a script that fits the window through one cut; the first answer that differs. */
    Difference through(Conversation guest, Script script) throws VerifyException, InterruptedException {
        long saidBefore = relay.bytes(Direction.FROM_CLIENTS);
        relay.hold(Direction.FROM_CLIENTS);
        Conversation.Sent sent = guest.send(script);
        awaitQuiet();
        boolean isThroughRelay = relay.bytes(Direction.FROM_CLIENTS) > saidBefore && !sent.isAnyAnswered();
        long heldBytes = relay.bytes(Direction.FROM_CLIENTS);
        relay.cut();
        Difference differs = sent.await();
        if (!isThroughRelay) {
            throw new VerifyException("the emulator of server " + server.id()
                    + " is not connected through the relay, or did not answer: its connection cannot be cut");
        }
        resumptionBytes = Math.max(resumptionBytes, relay.bytes(Direction.FROM_CLIENTS) - heldBytes);
        return differs.isLate() ? new Difference(differs.text() + ": it did not resume", true) : differs;
    }

    /** What was too much in what a resuming emulator listed; empty where nothing was. */
    String hoarded() {
        return resumptionBytes <= MOST_RESUMPTION_BYTES
                ? ""
                : "it said " + resumptionBytes + " bytes when it resumed, more than a window of kept answers takes";
    }

    private void awaitQuiet() throws InterruptedException {
        long last = -1;
        int quiet = 0;
        for (int look = 0; look < MOST_LOOKS && quiet < QUIET_LOOKS; look++) {
            TimeUnit.MILLISECONDS.sleep(POLL_MILLIS);
            long now = relay.bytes(Direction.FROM_CLIENTS) + relay.bytes(Direction.TO_CLIENTS);
            quiet = now == last ? quiet + 1 : 0;
            last = now;
        }
    }
}

package io.trapline.node.ioreq;

import io.trapline.model.Refusal;
import io.trapline.v1.AttachResponse;

/** The way from a server's actor to its emulator: a stream of the contract. Only the actor that it is bound to calls it. */
public interface EmulatorOutlet {
    /** Sends a message, which need not arrive; false when the stream takes no more until {@link IoreqServer.Ready} says so. */
    boolean send(AttachResponse response);

    /** A message of the emulator has been taken: another may come. */
    void taken();

    /** The same, after {@code response} told the emulator that it was malformed; a stream that is not read brings no more of them. */
    void takenRejected(AttachResponse response);

    /** Ends the stream as the emulator wanted it. */
    void finish();

    /** Ends the stream. */
    void end(Refusal why);
}

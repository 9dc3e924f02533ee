package io.trapline.sim.world.part;

import io.trapline.internal.v1.Answer;
import io.trapline.internal.v1.Command;
import io.trapline.model.MemType;
import java.util.Collection;
import java.util.List;
import java.util.function.Consumer;

/** What an operator sees of a world, and can have changed in it. */
public interface Realm {
    /** The servers that there are. */
    List<ServerName> servers();

    Collection<Emulator> emulators();

    /**
     * Has the registry carry a request out.
     *
     * @param waitsForDrain whether the call waits for the drain that it begins (F5)
     * @param returned given the answer when the call returns
     * @param settled run when nobody asks for the answer any more
     */
    void call(Command request, boolean waitsForDrain, Consumer<Answer> returned, Runnable settled);

    /** Turns pages into another type, where that is allowed. */
    void setTypes(long firstGfn, int count, MemType type, Runnable done);

    /** The operator tells the emulators of its servers something. */
    void toEmulators(String what, Runnable arrive);
}

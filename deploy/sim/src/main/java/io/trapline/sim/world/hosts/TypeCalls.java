package io.trapline.sim.world.hosts;

import io.trapline.model.Errno;
import io.trapline.model.Gfn;
import io.trapline.model.MemType;
import io.trapline.model.Refusal;
import io.trapline.model.TypeRun;
import io.trapline.node.p2m.MemoryBudget;
import io.trapline.node.protocol.TypesMessage;
import io.trapline.node.rows.Segments;
import io.trapline.sim.world.cluster.host.Agenda;
import io.trapline.sim.world.cluster.host.SimHost;
import io.trapline.sim.world.copies.CopiedMemory;
import io.trapline.sim.world.part.Layout;
import io.trapline.sim.world.part.Stage;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.BiConsumer;
import java.util.function.Consumer;

/** Who asks for type calls, at the node that carries them out as far as the registry says; once each, so that what becomes of some is not known (T6). */
final class TypeCalls {
    /** More than may be on their way at a time, and what is left when guests are made to wait. */
    private static final int FILLED_CHUNKS = 8;

    private final HostsWorld world;
    private final Agenda agenda;
    private final Stage stage;
    private final SimHost owner;
    private final HostFaults faults;
    private int underWay;

    TypeCalls(HostsWorld world, Agenda agenda, Stage stage, SimHost owner, HostFaults faults) {
        this.world = world;
        this.agenda = agenda;
        this.stage = stage;
        this.owner = owner;
        this.faults = faults;
    }

    boolean areOver() {
        return underWay == 0;
    }

    void set(long firstGfn, int count, MemType type, Runnable done) {
        List<TypeRun> runs = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            runs.add(new TypeRun(firstGfn + i, 1, type));
        }
        List<Long> gfns = runs.stream().map(TypeRun::firstGfn).toList();
        stage.promises.types().changing(gfns);
        if (Layout.MAP.shardOf(firstGfn) != Layout.MAP.shardOf(firstGfn + count - 1)) {
            faults.whileTypesChange();
        }
        ask("sets types of " + runs, (memory, reply) -> memory.setTypes(runs, reply), outcome -> {
            if (outcome.isEmpty() || isUnknown(outcome.get())) {
                stage.promises.types().unknown(gfns);
            } else {
                stage.promises.types().changed(gfns, outcome.get().isEmpty() ? runs : List.of());
            }
            done.run();
        });
    }

    private static boolean isUnknown(Optional<Refusal> refusal) {
        return refusal.map(Refusal::errno).equals(Optional.of(Errno.EAGAIN));
    }

    /** Something is in so many chunks of a shard that a fresh copy is given them while guests go on. */
    void fill() {
        long[] gpas = new long[FILLED_CHUNKS];
        int[] sizes = new int[FILLED_CHUNKS];
        for (int i = 0; i < FILLED_CHUNKS; i++) {
            gpas[i] = (Layout.SHARD_PAGES << Gfn.PAGE_SHIFT) + (i + 1L) * MemoryBudget.CHUNK_BYTES;
            sizes[i] = 1;
        }
        Segments segments = new Segments(gpas, sizes, new int[FILLED_CHUNKS], new byte[] {1});
        ask(
                "fills chunks",
                (memory, reply) -> memory.writeAcross(List.of(new TypesMessage.Piece(1, segments)), reply),
                outcome -> {});
    }

    /** The outcome is empty where nobody has said anything. */
    private void ask(
            String what,
            BiConsumer<CopiedMemory, Consumer<Optional<Refusal>>> call,
            Consumer<Optional<Optional<Refusal>>> outcome) {
        Hosts hosts = world.hosts;
        SimHost entry = hosts.primary(0);
        if (!world.isHealing() && agenda.oneIn(2)) {
            // What it has caught may be on its way, and is overtaken by the recall (D-21).
            hosts.node(entry.name()).ifPresent(HostNode::holdUpAccesses);
        }
        underWay++;
        Consumer<Optional<Optional<Refusal>>> over = of -> {
            underWay--;
            outcome.accept(of);
        };
        hosts.net
                .open(
                        owner,
                        entry,
                        stream -> hosts.node(entry.name()).ifPresent(node -> {
                            agenda.say(() -> what);
                            call.accept(
                                    node.memory(),
                                    refusal -> stream.endAtServer(
                                            () -> what + ": "
                                                    + refusal.map(Refusal::message)
                                                            .orElse("done"),
                                            () -> over.accept(Optional.of(refusal))));
                        }))
                .onLostAtClient(() -> over.accept(Optional.empty()));
    }
}

package io.trapline.sim.world.hosts;

import io.trapline.internal.v1.Answer;
import io.trapline.model.Gfn;
import io.trapline.model.MemType;
import io.trapline.model.TypeRun;
import io.trapline.node.p2m.MemoryBudget;
import io.trapline.sim.world.cluster.host.Agenda;
import io.trapline.sim.world.cluster.host.SimHost;
import io.trapline.sim.world.part.Commands;
import io.trapline.sim.world.part.Layout;
import io.trapline.sim.world.part.RequestNumbers;
import io.trapline.sim.world.part.Stage;
import io.trapline.v1.RequestId;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * The memory and type calls of whoever owns the domain: mostly under request ids of client sessions of its own, one after the other; some without, once each, so that what
 * becomes of them may never be known (T6, section E).
 */
final class OwnerCalls {
    /** More than may be on their way at a time, and what is left when guests are made to wait. */
    private static final int FILLED_CHUNKS = 8;

    private static final int ONE_WITHOUT_AN_ID_IN = 8;
    private static final int MOST_WRITES = 2;

    final HostsWorld world;
    final Agenda agenda;
    final SimHost owner;
    private final Stage stage;
    private final HostFaults faults;
    private long session;
    private @Nullable RequestNumbers numbers;
    private int underWay;
    private int writes;

    OwnerCalls(HostsWorld world, Agenda agenda, Stage stage, SimHost owner, HostFaults faults) {
        this.world = world;
        this.agenda = agenda;
        this.stage = stage;
        this.owner = owner;
        this.faults = faults;
    }

    boolean areOver() {
        return underWay == 0;
    }

    // ---- sessions

    /** Requests carry ids of that session from now on. */
    void begin(long begun) {
        session = begun;
        numbers = new RequestNumbers(begun);
    }

    /** What was asked for in it, and is still on its way somewhere, is not carried out any more. */
    private void renewSession() {
        long ended = session;
        numbers = null;
        world.ask(Commands.endSession(ended), answer -> world.ask(Commands.openSession(), this::begun));
    }

    private void begun(Answer answer) {
        begin(answer.getOpenSession().getSession());
    }

    // ---- calls

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
        ask(new MemoryRequest.Types(runs), outcome -> {
            if (outcome.isKnown()) {
                stage.promises.types().changed(gfns, outcome.isDone() ? runs : List.of());
            } else {
                stage.promises.types().unknown(gfns);
            }
            done.run();
        });
    }

    /** Another value is put into a word of a page, or of a page in each shard (F2). */
    void write() {
        if (writes < MOST_WRITES) {
            writes++;
            int word = agenda.upTo(3) << 3;
            List<Long> words = agenda.oneIn(2)
                    ? List.of(gpa(agenda.oneOf(Layout.PAGES), word))
                    : List.of(gpa(Layout.SHARD_PAGES - 1, word), gpa(Layout.SHARD_PAGES, word));
            ask(new MemoryRequest.Words(words, stage.nextEmulatorValue()), outcome -> writes--);
        }
    }

    private static long gpa(long gfn, int offset) {
        return (gfn << Gfn.PAGE_SHIFT) + offset;
    }

    /** Something is in so many chunks of a shard that a fresh copy is given them while guests go on. */
    void fill() {
        List<Long> chunks = new ArrayList<>();
        for (int i = 1; i <= FILLED_CHUNKS; i++) {
            chunks.add((Layout.SHARD_PAGES << Gfn.PAGE_SHIFT) + (long) i * MemoryBudget.CHUNK_BYTES);
        }
        ask(new MemoryRequest.Words(chunks, 1), outcome -> {});
    }

    private void ask(MemoryRequest request, MemoryCall.Ended ended) {
        RequestNumbers ofSession = agenda.oneIn(ONE_WITHOUT_AN_ID_IN) ? null : numbers;
        Optional<RequestId> id = Optional.ofNullable(ofSession).map(RequestNumbers::next);
        underWay++;
        new MemoryCall(this, request, id, ended, () -> {
                    underWay--;
                    if (ofSession != null) {
                        ofSession.done(id.orElseThrow());
                    }
                    if (underWay == 0 && numbers != null && !world.isHealing() && agenda.oneIn(4)) {
                        renewSession();
                    }
                })
                .begin();
    }
}

package io.trapline.node.shard;

import io.trapline.model.Errno;
import io.trapline.model.MemType;
import io.trapline.model.Refusal;
import io.trapline.model.TypeRun;
import io.trapline.node.protocol.Life;
import io.trapline.node.protocol.Mark;
import io.trapline.node.protocol.RequestName;
import io.trapline.node.protocol.TypesMessage;
import io.trapline.node.protocol.TypesTxn;
import io.trapline.node.replica.StateImage;
import io.trapline.node.rows.Segments;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * What a shard has of type calls and writes over several shards (T6): which one it keeps until it is over, of which one it has done its part last, and below which
 * name it takes nothing any more. There is one at a time in a domain: whoever comes to carry out its type calls asks all shards before it begins, and from a shard's
 * answer on nothing of its predecessor, who may be at another node and not know yet, is carried out there.
 */
final class Marks {
    private static final TypesTxn NO_ID = new TypesTxn(0, new Life("", 0), 0);
    private static final Mark NONE = new Mark(NO_ID, new TypesMessage.WriteAcross(0, List.of(), Optional.empty()));

    private Optional<Mark> kept = Optional.empty();
    private Optional<TypesTxn> done = Optional.empty();
    /** The token of the type change that it made. */
    private long doneChange;

    private TypesTxn oldest = NO_ID;

    /** Nothing under an earlier name is taken from now on. */
    void fence(TypesTxn by) {
        oldest = oldest.isBefore(by) ? by : oldest;
    }

    /** Whether that is so. */
    Optional<Refusal> check(TypesTxn by) {
        return by.isBefore(oldest)
                ? Optional.of(Refusal.of(
                                Errno.EAGAIN,
                                "another node carries out the domain's type calls, or this one has begun anew")
                        .with("effect", "none"))
                : Optional.empty();
    }

    void keep(Mark mark) {
        kept = Optional.of(mark);
    }

    /** What was kept under that name. */
    Optional<Mark> drop(TypesTxn id) {
        Optional<Mark> dropped = kept.filter(mark -> mark.id().equals(id));
        if (dropped.isPresent()) {
            kept = Optional.empty();
        }
        return dropped;
    }

    /** @param change the token of the type change that it made, or {@link Answers#NO_CHANGE} */
    void did(TypesTxn id, long change) {
        done = Optional.of(id);
        doneChange = change;
    }

    /** The token of the type change that was made by what was done last. */
    long doneChange() {
        return doneChange;
    }

    Optional<Mark> kept() {
        return kept;
    }

    Optional<TypesTxn> done() {
        return done;
    }

    /** For a fresh copy (D-24). */
    void image(StateImage image) {
        List<Mark> marks = new ArrayList<>(kept.stream().toList());
        image.each(marks, mark -> mark(image, mark), () -> mark(image, NONE));
        kept = marks.stream().findFirst();
        List<TypesTxn> ids = new ArrayList<>(done.stream().toList());
        image.each(ids, id -> id(image, id), () -> id(image, NO_ID));
        done = ids.stream().findFirst();
        doneChange = image.of(doneChange);
        oldest = id(image, oldest);
    }

    private static TypesTxn id(StateImage image, TypesTxn id) {
        return new TypesTxn(
                image.of(id.term()),
                new Life(image.of(id.entry().node()), image.of(id.entry().incarnation())),
                image.of(id.number()));
    }

    private static Mark mark(StateImage image, Mark mark) {
        TypesTxn id = id(image, mark.id());
        Optional<RequestName> request = Answers.request(image, mark.change().request());
        boolean isTypes = image.of(mark.change() instanceof TypesMessage.SetTypes);
        List<TypeRun> runs = mark.change() instanceof TypesMessage.SetTypes types
                ? new ArrayList<>(types.runs())
                : new ArrayList<>();
        List<TypesMessage.Piece> pieces = mark.change() instanceof TypesMessage.WriteAcross write
                ? new ArrayList<>(write.pieces())
                : new ArrayList<>();
        if (isTypes) {
            TypeRun none = new TypeRun(0, 1, MemType.RAM_RW);
            image.each(runs, run -> run(image, run), () -> run(image, none));
            return new Mark(id, new TypesMessage.SetTypes(0, List.copyOf(runs), Optional.empty(), request));
        }
        TypesMessage.Piece none =
                new TypesMessage.Piece(0, new Segments(new long[0], new int[0], new int[0], new byte[0]));
        image.each(pieces, piece -> piece(image, piece), () -> piece(image, none));
        return new Mark(id, new TypesMessage.WriteAcross(0, List.copyOf(pieces), Optional.empty(), request));
    }

    private static TypeRun run(StateImage image, TypeRun run) {
        return new TypeRun(
                image.of(run.firstGfn()),
                image.of(run.count()),
                MemType.ofCode(image.of(run.type().code())));
    }

    /** Its bytes as they lie there: pieces of one write may share them. */
    private static TypesMessage.Piece piece(StateImage image, TypesMessage.Piece piece) {
        int shard = image.of(piece.shard());
        Segments segments = piece.segments();
        long[] gpa = image.of(segments.gpa());
        int[] sizes = image.isRead() ? new int[gpa.length] : segments.sizeBytes();
        image.fill(sizes);
        byte[] data = image.of(image.isRead() ? segments.data() : packed(segments));
        int[] offsets = new int[gpa.length];
        for (int i = 1; i < offsets.length; i++) {
            offsets[i] = offsets[i - 1] + sizes[i - 1];
        }
        return new TypesMessage.Piece(shard, new Segments(gpa, sizes, offsets, data));
    }

    /** The bytes of each, one behind the other. */
    private static byte[] packed(Segments segments) {
        int all = 0;
        for (int size : segments.sizeBytes()) {
            all += size;
        }
        byte[] data = new byte[all];
        int at = 0;
        for (int i = 0; i < segments.size(); i++) {
            System.arraycopy(segments.data(), segments.offset()[i], data, at, segments.sizeBytes()[i]);
            at += segments.sizeBytes()[i];
        }
        return data;
    }
}

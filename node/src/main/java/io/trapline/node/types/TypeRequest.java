package io.trapline.node.types;

import io.trapline.model.Errno;
import io.trapline.model.Gfn;
import io.trapline.model.Limit;
import io.trapline.model.MemType;
import io.trapline.model.Refusal;
import io.trapline.model.TypeRun;
import io.trapline.v1.ListMemTypesRequest;
import io.trapline.v1.MemTypeRun;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** What requests about types say, checked by themselves: EINVAL that names the run, its value and the limit (T6). */
public final class TypeRequest {
    private TypeRequest() {}

    /** Whether runs to be set are well-formed (T6). HOLE and unknown types are not. */
    public static Optional<Refusal> check(List<MemTypeRun> runs) {
        if (runs.isEmpty()) {
            return invalid("runs", "0 runs", "1 … " + Limit.MAX_RUNS_PER_CALL.value());
        }
        if (runs.size() > Limit.MAX_RUNS_PER_CALL.value()) {
            return Optional.of(Refusal.overLimit(Errno.EINVAL, "runs", runs.size(), Limit.MAX_RUNS_PER_CALL));
        }
        for (int i = 0; i < runs.size(); i++) {
            Optional<Refusal> refusal = check("runs[" + i + "]", runs.get(i));
            if (refusal.isPresent()) {
                return refusal;
            }
        }
        return Optional.empty();
    }

    private static Optional<Refusal> check(String field, MemTypeRun run) {
        int code = run.getTypeValue();
        if (!MemType.isCode(code) || code == MemType.HOLE.code()) {
            return invalid(field + ".type", run.getType() + " (" + code + ")", "not a type that a page may be given");
        }
        return frames(field + ".", run.getFirstGfn(), run.getCount(), Limit.MAX_PAGES_PER_RUN.value());
    }

    private static Optional<Refusal> frames(String prefix, long first, long count, long most) {
        if (!Gfn.isValid(first)) {
            return invalid(prefix + "first_gfn", Long.toUnsignedString(first), "0 … 2^40 - 1");
        }
        if (count < 1 || count > most) {
            return Optional.of(Refusal.invalid(prefix + "count", Long.toUnsignedString(count), "1 … " + most + " pages")
                    .with("limit", most));
        }
        if (first + count - 1 > Gfn.MAX) {
            return Optional.of(Refusal.invalid(prefix + "count", count, "first_gfn = " + first + " + count passes 2^40")
                    .with("limit", Gfn.MAX - first + 1));
        }
        return Optional.empty();
    }

    /** Well-formed runs in our words. */
    public static List<TypeRun> runs(List<MemTypeRun> runs) {
        List<TypeRun> parsed = new ArrayList<>(runs.size());
        for (MemTypeRun run : runs) {
            parsed.add(new TypeRun(run.getFirstGfn(), run.getCount(), MemType.ofCode(run.getTypeValue())));
        }
        return parsed;
    }

    /** Whether a question for types is well-formed. */
    public static Optional<Refusal> check(ListMemTypesRequest request) {
        return frames("", request.getFirstGfn(), request.getCount(), Gfn.MAX + 1);
    }

    /** How many runs an answer may have. */
    public static int maxRuns(ListMemTypesRequest request) {
        int asked = request.getMaxRuns();
        int most = Limit.MAX_RUNS_PER_CALL.intValue();
        return asked <= 0 || asked > most ? most : asked;
    }

    private static Optional<Refusal> invalid(String field, Object value, String why) {
        return Optional.of(Refusal.invalid(field, value, why));
    }
}

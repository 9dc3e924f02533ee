package io.trapline.faults.check;

import io.trapline.model.Pure;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Collectors;

/**
 * A promise that a history breaks, or a question that it does not answer.
 *
 * @param rule the rules that are broken; {@link #UNDECIDED} where nobody can say
 * @param message what is wrong
 * @param evidence what of the history shows it, a line each
 */
@Pure
public record Finding(String rule, String message, List<String> evidence) {
    /** The rule of what cannot be decided, which counts as a failure. */
    public static final String UNDECIDED = "undecided";

    public Finding {
        evidence = List.copyOf(evidence);
    }

    static Finding of(String rule, String message, Object... evidence) {
        return new Finding(
                rule, message, Arrays.stream(evidence).map(Object::toString).toList());
    }

    @Override
    public String toString() {
        return rule + ": " + message
                + evidence.stream().map(line -> "\n  " + line).collect(Collectors.joining());
    }
}

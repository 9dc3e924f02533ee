package io.trapline.sim.check;

import com.google.errorprone.annotations.FormatMethod;
import com.google.errorprone.annotations.FormatString;
import java.util.Locale;

/** A rule is broken: the simulated run ends here. */
public final class Violation extends RuntimeException {
    private static final long serialVersionUID = 1;

    private final String rule;

    /** @param rule the ids of the rules as the contract names them, or of the invariants as ARCHITECTURE.md does */
    @FormatMethod
    public Violation(String rule, @FormatString String message, Object... words) {
        super(String.format(Locale.ROOT, message, words));
        this.rule = rule;
    }

    /** Which rule. */
    public String rule() {
        return rule;
    }
}

package io.trapline.sim.world.part;

import io.trapline.node.rows.KeyRows;
import io.trapline.node.rows.OutcomeRows;
import io.trapline.sim.check.IoreqKey;
import java.util.StringJoiner;

/** Rows for a reader of a trace. */
public final class Texts {
    private Texts() {}

    public static String keys(KeyRows rows) {
        StringJoiner text = new StringJoiner(" ");
        for (int i = 0; i < rows.size(); i++) {
            text.add(IoreqKey.of(rows, i).toString());
        }
        return text.toString();
    }

    /** A message on one line. */
    public static String flat(Object message) {
        return message.toString().replaceAll("\\s+", " ");
    }

    public static String outcomes(OutcomeRows rows) {
        StringJoiner text = new StringJoiner(" ");
        for (int i = 0; i < rows.size(); i++) {
            text.add(IoreqKey.of(rows.keys(), i) + "=" + Long.toHexString(rows.data(i))
                    + (rows.errno(i) == 0 ? "" : " errno " + rows.errno(i)));
        }
        return text.toString();
    }
}

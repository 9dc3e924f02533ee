package io.trapline.process;

import io.trapline.model.Pure;
import java.util.List;

/** A process cannot be started as it was told; the message names every key and value that is wrong, on one line. */
@Pure
public final class WrongSettings extends Exception {
    private static final long serialVersionUID = 1L;

    WrongSettings(List<String> wrong) {
        super(String.join("; ", wrong));
    }
}

package io.trapline.testing;

import java.time.Duration;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.extension.BeforeAllCallback;
import org.junit.jupiter.api.extension.ExtensionContext;

/** How long every test waits for what should come, unless it says so itself: so long that a busy machine makes none fail. JUnit finds it by itself. */
public final class Patience implements BeforeAllCallback {
    private static final Duration DEFAULT = Duration.ofSeconds(60);

    @Override
    public void beforeAll(ExtensionContext context) {
        Awaitility.setDefaultTimeout(DEFAULT);
    }
}

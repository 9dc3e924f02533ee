package io.trapline.sim.check;

import io.trapline.node.protocol.ServerView;
import io.trapline.node.registry.DomainView;
import java.util.Arrays;
import java.util.Locale;

/** A domain as its actors must know it, on some lines; without what depends on when it was heard. */
final class DomainText {
    private DomainText() {}

    static String of(DomainView domain) {
        StringBuilder text = new StringBuilder();
        text.append(String.format(
                Locale.ROOT,
                "domain %d/%d %s, shards %s%n",
                domain.domid(),
                domain.generation(),
                domain.state(),
                Arrays.toString(domain.shardEpochs())));
        for (ServerView server : domain.servers()) {
            text.append(String.format(
                    Locale.ROOT,
                    "server %d/%d enabled %b claims %s session %d of run %x, ranges %b %b%n",
                    server.id(),
                    server.generation(),
                    server.enabled(),
                    Arrays.toString(server.claims()),
                    server.sessionEpoch(),
                    server.run(),
                    !server.ports().isEmpty(),
                    !server.memory().isEmpty()));
        }
        return text.toString();
    }
}

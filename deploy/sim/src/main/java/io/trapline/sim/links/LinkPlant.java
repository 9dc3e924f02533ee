package io.trapline.sim.links;

import java.util.List;

/** Wrong seams of links, each of which the checks must notice. */
enum LinkPlant {
    NONE("everything is as it is", List.of()),
    FRAME_TWICE("a frame that comes again is taken again", List.of("D-18, once and in order")),
    FRAME_LOST(
            "what was under way when a connection broke is not sent again",
            List.of("D-18, once and in order", "D-18, all of it")),
    CREDIT_NOT_KEPT("a sender sends more than its receiver's actors have room for", List.of("V-15")),
    OLD_LIFE_ACCEPTED("a connection between other lives is accepted", List.of("D-18, between two lives")),
    STALE_FRAME_TAKEN("a frame that was under way for long is taken for a young one", List.of("D-18, age"));

    private final String breaks;

    @SuppressWarnings("ImmutableEnumChecker") // List.of
    private final List<String> noticedBy;

    LinkPlant(String breaks, List<String> noticedBy) {
        this.breaks = breaks;
        this.noticedBy = noticedBy;
    }

    /** What is wrong, in a few words. */
    String breaks() {
        return breaks;
    }

    /** The rules of which one at least must notice it. */
    List<String> noticedBy() {
        return noticedBy;
    }
}

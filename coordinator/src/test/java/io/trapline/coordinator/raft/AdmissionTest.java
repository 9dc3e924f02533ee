package io.trapline.coordinator.raft;

import static org.assertj.core.api.Assertions.assertThat;

import io.trapline.coordinator.raft.Admission.Ask;
import io.trapline.coordinator.raft.Admission.Become;
import io.trapline.coordinator.raft.Admission.Begin;
import io.trapline.coordinator.raft.Admission.Decision;
import io.trapline.coordinator.raft.Admission.Flags;
import io.trapline.coordinator.raft.Admission.Found;
import io.trapline.coordinator.raft.Admission.Refuse;
import io.trapline.coordinator.raft.Admission.Said;
import io.trapline.coordinator.raft.Admission.Start;
import io.trapline.coordinator.raft.Admission.State;
import io.trapline.coordinator.raft.Admission.Told;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

@DisplayName("what a coordinator may do with the directory that it finds")
final class AdmissionTest {
    private static final String CLUSTER = "u";
    private static final String ANOTHER = "v";
    private static final List<String> OTHERS = List.of("c2", "c3");
    private static final Found EMPTY = new Found(State.EMPTY, "", "", false);

    @Test
    void refusesAnEmptyDirectoryThatNothingWasSaidOf() {
        assertThat(refusal(decide(EMPTY, Told.RESUME, Map.of()))).contains("is empty", "bootstrap");
    }

    @Test
    void formsAGroupOfOneWithoutAskingAnybody() {
        Flags alone = new Flags(Told.BOOTSTRAP, Optional.empty(), "c1", List.of());
        assertThat(Admission.decide(EMPTY, alone, Map.of())).isEqualTo(new Become(State.FORMING));
        assertThat(Admission.decide(found(State.FORMING, false), alone, Map.of()))
                .isEqualTo(new Start(Begin.FORM));
    }

    @Test
    void becomesAPartOfAFormationWhenAllHaveAnsweredAndNoneIsAMember() {
        assertThat(decide(EMPTY, Told.BOOTSTRAP, Map.of())).isEqualTo(new Ask(""));
        assertThat(decide(EMPTY, Told.BOOTSTRAP, said(State.EMPTY, State.FORMING)))
                .isEqualTo(new Become(State.FORMING));
        assertThat(why(decide(EMPTY, Told.BOOTSTRAP, said(State.FORMING, null))))
                .endsWith("missing: c3");
    }

    @Test
    void refusesAReplicaThatWasWiped() {
        assertThat(refusal(decide(EMPTY, Told.BOOTSTRAP, said(State.FORMING, State.MEMBER))))
                .contains("c3 is in cluster u already", "replace");
        // Even if nobody else answers.
        assertThat(refusal(decide(EMPTY, Told.BOOTSTRAP, said(null, State.MEMBER))))
                .contains("replace");
    }

    @Test
    void startsAFormationWhenEverybodyHasIt() {
        Found forming = found(State.FORMING, false);
        assertThat(decide(forming, Told.BOOTSTRAP, Map.of())).isEqualTo(new Ask(""));
        assertThat(decide(forming, Told.BOOTSTRAP, said(State.FORMING, State.MEMBER)))
                .isEqualTo(new Start(Begin.FORM));
        assertThat(why(decide(forming, Told.BOOTSTRAP, said(State.EMPTY, null))))
                .endsWith("missing: c2, c3");
        assertThat(refusal(decide(forming, Told.RESUME, Map.of()))).contains("did not finish");
    }

    @Test
    void joinsWhereTheLeaderDoesNotKnowTheId() {
        assertThat(decide(EMPTY, Told.JOIN, Map.of())).isEqualTo(new Ask(""));
        assertThat(decide(EMPTY, Told.JOIN, leader(Set.of("c2", "c3", "c4")))).isEqualTo(new Become(State.JOINING));
        assertThat(refusal(decide(EMPTY, Told.JOIN, leader(Set.of("c1", "c2", "c3")))))
                .contains("c1 was used before");
        // One may be being elected: it is asked for until there is one.
        assertThat(why(decide(EMPTY, Told.JOIN, said(State.MEMBER, null)))).contains("no leader");
        assertThat(why(decide(EMPTY, Told.JOIN, said(null, null)))).contains("no leader");
    }

    @Test
    void goesOnJoining() {
        for (Told told : Told.values()) {
            assertThat(decide(found(State.JOINING, false), told, Map.of())).isEqualTo(new Start(Begin.JOIN));
            assertThat(decide(found(State.JOINING, true), told, Map.of())).isEqualTo(new Start(Begin.RECOVER));
        }
    }

    @Test
    void goesOnAsAMemberWhateverItIsTold() {
        for (Told told : Told.values()) {
            assertThat(decide(found(State.MEMBER, true), told, Map.of())).isEqualTo(new Start(Begin.RECOVER));
            assertThat(refusal(decide(found(State.MEMBER, false), told, Map.of())))
                    .contains("is missing");
        }
    }

    @Test
    void refusesTheDirectoryOfAnother() {
        Flags flags = new Flags(Told.BOOTSTRAP, Optional.of(ANOTHER), "c1", OTHERS);
        Flags renamed = new Flags(Told.BOOTSTRAP, Optional.of(CLUSTER), "c4", OTHERS);
        for (State state : List.of(State.FORMING, State.JOINING, State.MEMBER)) {
            assertThat(refusal(Admission.decide(found(state, true), flags, Map.of())))
                    .contains("belongs to cluster u, not to v");
            assertThat(refusal(Admission.decide(found(state, true), renamed, Map.of())))
                    .contains("belongs to coordinator c1, not to c4");
        }
    }

    @Test
    void refusesAddressesOfAnotherCluster() {
        Map<String, Optional<Said>> asked = new HashMap<>(said(State.FORMING, State.FORMING));
        asked.put("c3", Optional.of(new Said(State.MEMBER, ANOTHER, Optional.empty())));
        assertThat(refusal(decide(EMPTY, Told.BOOTSTRAP, asked))).contains("c3 belongs to cluster v");
        assertThat(refusal(decide(EMPTY, Told.JOIN, asked))).contains("c3 belongs to cluster v");
        assertThat(refusal(decide(found(State.FORMING, false), Told.BOOTSTRAP, asked)))
                .contains("c3 belongs to cluster v");
    }

    @Test
    void refusesToFormAClusterWithOneThatJoins() {
        assertThat(refusal(decide(EMPTY, Told.BOOTSTRAP, said(State.JOINING, State.FORMING))))
                .contains("c2");
    }

    /** Over every directory, flag and pair of answers: what must never happen does not. */
    @Test
    void neverLetsADirectoryThatWasLostVote() {
        int decisions = 0;
        for (Found found : everything()) {
            for (Told told : Told.values()) {
                for (Map<String, Optional<Said>> asked : answers()) {
                    Decision decision = decide(found, told, asked);
                    decisions++;
                    String where = found + " " + told + " " + asked;
                    boolean isMemberSomewhere = asked.values().stream()
                            .flatMap(Optional::stream)
                            .anyMatch(said -> said.state() == State.MEMBER);
                    boolean isCertain = asked.size() == OTHERS.size()
                            && asked.values().stream().allMatch(Optional::isPresent);
                    if (found.state() == State.EMPTY) {
                        assertThat(decision).as(where).isNotInstanceOf(Start.class);
                        if (decision.equals(new Become(State.FORMING))) {
                            assertThat(isCertain && !isMemberSomewhere)
                                    .as(where)
                                    .isTrue();
                        }
                        if (decision.equals(new Become(State.JOINING))) {
                            assertThat(asked.values())
                                    .as(where)
                                    .anyMatch(said -> said.flatMap(Said::taken)
                                            .filter(taken -> !taken.contains("c1"))
                                            .isPresent());
                        }
                    }
                    if (decision.equals(new Start(Begin.RECOVER))) {
                        assertThat(found.hasLog()).as(where).isTrue();
                    }
                    if (decision.equals(new Start(Begin.FORM))) {
                        assertThat(found.state()).as(where).isEqualTo(State.FORMING);
                        assertThat(isCertain).as(where).isTrue();
                    }
                    if (decision.equals(new Start(Begin.JOIN))) {
                        assertThat(found.state()).as(where).isEqualTo(State.JOINING);
                    }
                }
            }
        }
        assertThat(decisions).isGreaterThan(500);
    }

    private static List<Found> everything() {
        List<Found> all = new ArrayList<>(List.of(EMPTY));
        for (State state : List.of(State.FORMING, State.JOINING, State.MEMBER)) {
            all.add(found(state, false));
            all.add(found(state, true));
        }
        return all;
    }

    private static List<Map<String, Optional<Said>>> answers() {
        List<Optional<Said>> each = new ArrayList<>(List.of(Optional.empty()));
        for (State state : State.values()) {
            each.add(Optional.of(new Said(state, CLUSTER, Optional.empty())));
        }
        each.add(Optional.of(new Said(State.MEMBER, CLUSTER, Optional.of(Set.of("c1", "c2", "c3")))));
        each.add(Optional.of(new Said(State.MEMBER, CLUSTER, Optional.of(Set.of("c2", "c3", "c4")))));
        List<Map<String, Optional<Said>>> all = new ArrayList<>(List.of(Map.of()));
        for (Optional<Said> second : each) {
            for (Optional<Said> third : each) {
                all.add(Map.of("c2", second, "c3", third));
            }
        }
        return all;
    }

    private static Decision decide(Found found, Told told, Map<String, Optional<Said>> asked) {
        return Admission.decide(found, new Flags(told, Optional.of(CLUSTER), "c1", OTHERS), asked);
    }

    private static Found found(State state, boolean hasLog) {
        return new Found(state, CLUSTER, "c1", hasLog);
    }

    private static Map<String, Optional<Said>> said(@Nullable State second, @Nullable State third) {
        return Map.of("c2", said(second), "c3", said(third));
    }

    private static Optional<Said> said(@Nullable State state) {
        return Optional.ofNullable(state).map(known -> new Said(known, CLUSTER, Optional.empty()));
    }

    private static Map<String, Optional<Said>> leader(Set<String> taken) {
        return Map.of("c2", Optional.of(new Said(State.MEMBER, CLUSTER, Optional.of(taken))), "c3", Optional.empty());
    }

    private static String refusal(Decision decision) {
        assertThat(decision).isInstanceOf(Refuse.class);
        return ((Refuse) decision).line();
    }

    private static String why(Decision decision) {
        assertThat(decision).isInstanceOf(Ask.class);
        return ((Ask) decision).why();
    }
}

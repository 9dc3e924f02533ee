package io.trapline.docs;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;

/** Each rule that is built has a test that names it, and nobody cites a rule that there is not. */
final class RulesAreTestedTest {
    private static final SourceTree TREE = SourceTree.here();

    @Test
    void everyBuiltRuleIsNamedByATest() throws IOException {
        Set<String> untested = new TreeSet<>(rules().built());
        for (Path file : TREE.files()) {
            if (SourceTree.isTest(file)) {
                untested.removeAll(RuleBook.cited(TREE.read(file.toString())));
            }
        }
        assertThat(untested)
                .as("rules of docs/SEMANTICS.md without %s behind the id that no test names", RuleBook.NOT_YET)
                .isEmpty();
    }

    @Test
    void everyIdThatIsCitedIsARule() throws IOException {
        RuleBook rules = rules();
        List<String> unknown = new ArrayList<>();
        for (Path file : TREE.files()) {
            if (file.toString().contains("io/trapline/docs")) {
                continue;
            }
            for (String id : RuleBook.cited(TREE.read(file.toString()))) {
                if (!rules.knows(id)) {
                    unknown.add(id + " in " + file);
                }
            }
        }
        assertThat(unknown).as("cited, and not in docs/SEMANTICS.md").isEmpty();
    }

    @Test
    void theRuleBookIsReadInFull() throws IOException {
        assertThat(rules().builtById())
                .containsEntry("T1", true)
                .containsEntry("C8", true)
                .containsEntry("D2", false)
                .containsEntry("rule 0", true)
                .containsEntry("section E", true)
                .containsEntry("section L", true)
                .hasSizeGreaterThan(40);
    }

    @Test
    void readsIdsAndMarks() {
        RuleBook rules = RuleBook.parse("""
                **Rule 0, visibility.** Now.
                - **X1** A rule.
                - **X2** *(not yet)* Another. *(not yet: a part)*
                - **X3** A third *(not yet: a part)*.
                ## E — errors
                """);
        assertThat(rules.built()).containsExactlyInAnyOrder("X1", "X3", "rule 0", "section E");
        assertThat(rules.knows("X2")).isTrue();
        assertThat(rules.knows("X4")).isFalse();
    }

    @Test
    void aCitationIsAWholeWord() {
        assertThat(RuleBook.cited("// C2, and (F6): T3 – T5. 0xA4 is none, nor is D100, E5 or aC1; Rule 0; section E."))
                .containsExactly("C2", "F6", "T3", "T5", "rule 0", "section E");
    }

    private static RuleBook rules() throws IOException {
        return RuleBook.parse(TREE.read("docs/SEMANTICS.md"));
    }
}

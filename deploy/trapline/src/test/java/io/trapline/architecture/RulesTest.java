package io.trapline.architecture;

import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.lang.ArchRule;
import io.trapline.architecture.fixture.Impure;
import io.trapline.architecture.fixture.Sound;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The rules themselves: each refuses what it is there to refuse. */
final class RulesTest {
    private static final String FIXTURES = "io.trapline.architecture.fixture";
    private static final JavaClasses CLASSES = new ClassFileImporter().importPackages(FIXTURES);

    @ParameterizedTest
    @ValueSource(
            classes = {
                Impure.Clock.class,
                Impure.Printer.class,
                Impure.Starter.class,
                Impure.Locked.class,
                Impure.Atomic.class,
                Impure.Dice.class,
                Impure.Reader.class,
                Impure.Teller.class,
                Impure.Borrower.class
            })
    void refusesAPureClassThatBreaksItsPromise(Class<?> impure) {
        var result = Rules.pureClassesDecideAlone().evaluate(CLASSES);

        assertThat(result.getFailureReport().getDetails()).anyMatch(detail -> detail.contains(impure.getName()));
    }

    @Test
    void acceptsAPureClassThatKeepsIt() {
        var result = Rules.pureClassesDecideAlone()
                .evaluate(new ClassFileImporter()
                        .importClasses(
                                Sound.class, Sound.Input.class, Sound.Input.Tick.class, Sound.Input.Write.class));

        assertThat(result.getFailureReport().getDetails()).isEmpty();
    }

    @Test
    void refusesACircleOfPackages() {
        var result = Rules.noCyclesAmongPackagesOf(FIXTURES + ".(*)").evaluate(CLASSES);

        assertThat(result.hasViolation()).isTrue();
    }

    @Test
    void refusesAModuleThatLooksWhereItMayNot() {
        var result = Rules.knowsOnly(FIXTURES + ".a..", "io.trapline.model..").evaluate(CLASSES);

        assertThat(result.hasViolation()).isTrue();
    }

    @Test
    void refusesWhoeverElseKnowsAFolder() {
        ArchRule rule = Rules.knownOnlyBy(FIXTURES + ".b..", FIXTURES + ".Sound");

        assertThat(rule.evaluate(CLASSES).hasViolation()).isTrue();
        assertThat(Rules.knownOnlyBy(FIXTURES + ".b..", FIXTURES + ".a.First")
                        .evaluate(CLASSES)
                        .hasViolation())
                .isFalse();
    }

    @Test
    void refusesAVocabularyThatDragsSomethingIn() {
        var result = Rules.vocabularyStandsAlone(FIXTURES + ".b..").evaluate(CLASSES);

        assertThat(result.hasViolation()).isTrue();
    }
}

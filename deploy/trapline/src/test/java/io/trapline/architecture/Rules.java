package io.trapline.architecture;

import static com.tngtech.archunit.base.DescribedPredicate.not;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAPackage;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAnyPackage;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;

import com.tngtech.archunit.lang.ArchRule;
import java.util.regex.Pattern;

/** The directions in which Trapline's code may look, as rules. Each has a class in the tests that breaks it. */
final class Rules {
    private static final String[] GENERATED = {"io.trapline.v1..", "io.trapline.internal.v1..", "com.google.protobuf.."
    };

    /** Where the registry is decided, and where a node follows it. */
    private static final String[] OF_THE_REGISTRY = {"io.trapline.coordinator..", "io.trapline.node.registry.."};

    private Rules() {}

    /** The module of {@code folder} knows of Trapline what is listed, and itself. */
    static ArchRule knowsOnly(String folder, String... known) {
        return noClasses()
                .that()
                .resideInAPackage(folder)
                .should()
                .dependOnClassesThat(resideInAPackage("io.trapline..")
                        .and(not(resideInAPackage(folder)))
                        .and(not(resideInAnyPackage(known))))
                .because("of Trapline, %s knows only %s".formatted(folder, String.join(", ", known)))
                .allowEmptyShould(true);
    }

    /** Of Trapline, nothing but the class of that name and the folder itself knows the folder. */
    static ArchRule knownOnlyBy(String folder, String className) {
        return noClasses()
                .that()
                .resideInAPackage("io.trapline..")
                .and()
                .resideOutsideOfPackage(folder)
                .and()
                .haveNameNotMatching(Pattern.quote(className) + "(\\$.*)?")
                .should()
                .dependOnClassesThat(resideInAPackage(folder))
                .because("what a plant breaks is broken for %s only".formatted(className));
    }

    static ArchRule vocabularyStandsAlone(String folder) {
        return classes()
                .that()
                .resideInAPackage(folder)
                .should()
                .onlyDependOnClassesThat(resideInAnyPackage(folder, "java..", "org.jspecify.annotations"))
                .because("the vocabulary is everybody's and drags nothing in");
    }

    static ArchRule pureClassesDecideAlone() {
        return classes()
                .that(Purity.pure())
                .and()
                .resideOutsideOfPackages(OF_THE_REGISTRY)
                .should(new Purity("know values only", type -> false))
                .because("the code which runs is the code which is simulated");
    }

    static ArchRule pureClassesOfTheRegistryKnowMessagesBesides() {
        return classes()
                .that(Purity.pure())
                .and()
                .resideInAnyPackage(OF_THE_REGISTRY)
                .should(new Purity("know values and messages only", resideInAnyPackage(GENERATED)))
                .because("commands, snapshots and changes are messages, and an answer follows from them alone")
                .allowEmptyShould(true);
    }

    static ArchRule noCyclesAmongPackagesOf(String pattern) {
        return slices().matching(pattern).should().beFreeOfCycles();
    }
}

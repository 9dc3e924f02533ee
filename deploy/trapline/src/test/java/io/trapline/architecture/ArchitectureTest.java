package io.trapline.architecture;

import com.tngtech.archunit.core.importer.ImportOption.DoNotIncludeTests;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.lang.ArchRule;

/** The rules, over everything that is shipped. */
@AnalyzeClasses(packages = "io.trapline", importOptions = DoNotIncludeTests.class)
final class ArchitectureTest {
    private static final String MODEL = "io.trapline.model..";
    private static final String RPC = "io.trapline.rpc..";
    private static final String CONTRACT = "io.trapline.v1..";
    private static final String INTERNAL = "io.trapline.internal..";
    private static final String CLIENT = "io.trapline.client..";
    private static final String COORDINATOR = "io.trapline.coordinator..";
    private static final String NODE = "io.trapline.node..";
    private static final String SIM = "io.trapline.sim..";
    private static final String BENCH = "io.trapline.bench..";
    private static final String FAULTS = "io.trapline.faults..";

    @ArchTest
    static final ArchRule VOCABULARY_STANDS_ALONE = Rules.vocabularyStandsAlone(MODEL);

    @ArchTest
    static final ArchRule CONTRACT_KNOWS_NOBODY = Rules.knowsOnly(CONTRACT);

    @ArchTest
    static final ArchRule RPC_KNOWS_THE_CONTRACT = Rules.knowsOnly(RPC, MODEL, CONTRACT, INTERNAL);

    @ArchTest
    static final ArchRule CLIENT_KNOWS_THE_PUBLIC_CONTRACT = Rules.knowsOnly(CLIENT, MODEL, RPC, CONTRACT);

    @ArchTest
    static final ArchRule COORDINATOR_DOES_NOT_KNOW_NODES =
            Rules.knowsOnly(COORDINATOR, MODEL, RPC, CONTRACT, INTERNAL);

    @ArchTest
    static final ArchRule NODE_DOES_NOT_KNOW_COORDINATORS = Rules.knowsOnly(NODE, MODEL, RPC, CONTRACT, INTERNAL);

    @ArchTest
    static final ArchRule SIMULATION_KNOWS_WHAT_IT_SIMULATES =
            Rules.knowsOnly(SIM, MODEL, RPC, CONTRACT, INTERNAL, CLIENT, COORDINATOR, NODE);

    @ArchTest
    static final ArchRule NO_OTHER_PROCESS_CAN_BE_GIVEN_A_PLANT =
            Rules.knownOnlyBy(SIM, "io.trapline.cli.SimulateCommand");

    @ArchTest
    static final ArchRule BENCHMARKS_KNOW_WHAT_THEY_MEASURE =
            Rules.knowsOnly(BENCH, MODEL, RPC, CONTRACT, INTERNAL, CLIENT, COORDINATOR, NODE);

    /** What is checked is what clients saw, and nothing else. */
    @ArchTest
    static final ArchRule FAULTS_KNOW_THE_CLIENT = Rules.knowsOnly(FAULTS, MODEL, RPC, CONTRACT, CLIENT);

    @ArchTest
    static final ArchRule PURE_CLASSES_DECIDE_ALONE = Rules.pureClassesDecideAlone();

    @ArchTest
    static final ArchRule PURE_CLASSES_OF_THE_REGISTRY = Rules.pureClassesOfTheRegistryKnowMessagesBesides();

    @ArchTest
    static final ArchRule NO_CYCLES_AMONG_PACKAGES = Rules.noCyclesAmongPackagesOf("io.trapline.(**)");
}

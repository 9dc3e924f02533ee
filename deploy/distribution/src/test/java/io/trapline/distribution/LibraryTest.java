package io.trapline.distribution;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Path;
import org.apache.pekko.actor.typed.ActorSystem;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class LibraryTest {
    @TempDir
    private Path folder;

    @Test
    void nativeCodeOfTheMachineIsTakenOutAndThatOfOthersIsDropped() throws Exception {
        Library library = library(
                "META-INF/native/libepoll_x86_64.so", "x",
                "META-INF/native/libepoll_aarch_64.so", "a",
                "META-INF/native/libkqueue_x86_64.jnilib", "k",
                "some.txt", "s");

        assertThat(library.natives("x86_64")).containsOnlyKeys("libepoll_x86_64.so");
        assertThat(library.natives("aarch_64")).containsOnlyKeys("libepoll_aarch_64.so");
        assertThat(library.program()).containsOnlyKeys("some.txt");
    }

    @Test
    void licencesAndNoticesAreNoPartOfTheProgramAndAreKept() throws Exception {
        Library library = library(
                "META-INF/LICENSE", "1",
                "META-INF/NOTICE.txt", "2",
                "META-INF/license/LICENSE.boringssl.txt", "3",
                "META-INF/DEPENDENCIES", "4",
                "LICENSE", "1",
                "some/LICENSE", "5");

        assertThat(library.licences())
                .containsOnlyKeys("LICENSE", "NOTICE.txt", "license/LICENSE.boringssl.txt", "DEPENDENCIES");
        assertThat(library.program()).containsOnlyKeys("some/LICENSE");
    }

    @Test
    void whatApacheAsksToBeKeptOfPekkoIs() throws Exception {
        Library pekko = Library.read(Jars.of(ActorSystem.class));

        assertThat(pekko.name()).startsWith("pekko-actor-typed_");
        assertThat(pekko.licences()).containsKeys("LICENSE", "NOTICE");
    }

    @Test
    void whatOnlyToolsReadIsLeftOutButWhatScannersKnowALibraryByStays() throws Exception {
        Library library = library(
                "META-INF/MANIFEST.MF", "Manifest-Version: 1.0\n",
                "META-INF/SOME.SF", "signature",
                "META-INF/maven/some/library/pom.xml", "<project/>",
                "META-INF/maven/some/library/pom.properties", "version=1",
                "META-INF/versions/9/module-info.class", "module",
                "META-INF/versions/9/OSGI-INF/MANIFEST.MF", "bundle",
                "module-info.class", "module",
                "some/module-info.class", "no module");

        assertThat(library.program())
                .containsOnlyKeys("META-INF/maven/some/library/pom.properties", "some/module-info.class");
    }

    @Test
    void refusesAClassThatIsAnotherOneInLaterReleases() throws Exception {
        Library library = library("some/Thing.class", "old", "META-INF/versions/21/some/Thing.class", "new");

        assertThatThrownBy(library::program)
                .isInstanceOf(IOException.class)
                .hasMessageContaining("library-1.0 has META-INF/versions/21/some/Thing.class");
    }

    private Library library(String... files) throws IOException {
        return Library.read(Jars.with(folder.resolve("library-1.0.jar"), 0, files));
    }
}

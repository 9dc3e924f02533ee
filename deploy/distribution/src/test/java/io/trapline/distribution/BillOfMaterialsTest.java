package io.trapline.distribution;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

final class BillOfMaterialsTest {
    private static final String CLASS_PATH = """
            {"bomFormat": "CycloneDX", "components": [
              {"type": "library", "group": "io.grpc", "name": "grpc-api", "version": "1.2", "licenses": [{"license": {"id": "Apache-2.0"}}]},
              {"type": "library", "name": "both", "version": "3", "licenses": [{"expression": "MIT OR EPL-2.0"}, {"license": {"name": "Own"}}]},
              {"type": "library", "name": "nothing", "version": "4"}
            ]}""";

    @Test
    void listsEveryComponentWithItsLicences() {
        assertThat(BillOfMaterials.read(CLASS_PATH).licences().lines())
                .containsExactly(
                        "both 3: MIT OR EPL-2.0, Own", "io.grpc:grpc-api 1.2: Apache-2.0", "nothing 4: unknown");
    }

    @Test
    void addsTheJavaRuntime() throws Exception {
        BillOfMaterials bill = BillOfMaterials.read(CLASS_PATH);

        bill.addRuntime("JAVA_VERSION=\"25.0.1\"\nMODULES=\"java.base java.logging\"\n");

        assertThat(bill.licences()).contains("OpenJDK 25.0.1: GPL-2.0-only WITH Classpath-exception-2.0");
        assertThat(bill.json()).contains("pkg:generic/openjdk@25.0.1");
    }

    @Test
    void addsThePackagesThatAreInstalledAndNoOthers() {
        BillOfMaterials bill = BillOfMaterials.read(CLASS_PATH);

        bill.addPackages("""
                Package: libc6
                Status: install ok installed
                Architecture: amd64
                Version: 2.36-9+deb12u14
                Description: GNU C Library
                 Package: not-a-field

                Package: removed
                Status: deinstall ok config-files
                Version: 1

                Package: zlib1g
                Status: install ok installed
                Architecture: amd64
                Version: 1:1.2.13.dfsg-1
                """);

        assertThat(bill.licences())
                .contains(
                        "libc6 2.36-9+deb12u14: see /usr/share/doc/libc6/copyright",
                        "zlib1g 1:1.2.13.dfsg-1: see /usr/share/doc/zlib1g/copyright")
                .doesNotContain("removed", "not-a-field");
        assertThat(bill.json())
                .contains("pkg:deb/debian/libc6@2.36-9%2Bdeb12u14?arch=amd64")
                .contains("pkg:deb/debian/zlib1g@1%3A1.2.13.dfsg-1?arch=amd64");
    }
}

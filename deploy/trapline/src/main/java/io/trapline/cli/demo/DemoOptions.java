package io.trapline.cli.demo;

/**
 * How big the demonstration is.
 *
 * @param accesses how many entries are written under the claim, 1 and up
 * @param vcpus how many vCPUs write them, 1 … 64
 * @param gttPages how many pages the table has, at least one a vCPU
 * @param window how many accesses of a vCPU may be outstanding, 1 … 1,024
 * @param seed of what is written where
 */
public record DemoOptions(long accesses, int vcpus, int gttPages, int window, long seed) {
    /** As the command runs it: each of 1,048,576 entries once. */
    public static final DemoOptions DEFAULT = new DemoOptions(1 << 20, 4, 2048, 256, 1);

    /** As many as a table for one domain and the time of a person allow. */
    public static final long MAX_ACCESSES = 1_000_000_000;

    public static final int MAX_VCPUS = 64;
    public static final int MAX_GTT_PAGES = 8192;

    public DemoOptions {
        if (accesses < vcpus || accesses > MAX_ACCESSES) {
            throw new IllegalArgumentException("--accesses is " + accesses + ", not " + vcpus + " … " + MAX_ACCESSES);
        }
        if (vcpus < 1 || vcpus > MAX_VCPUS) {
            throw new IllegalArgumentException("--vcpus is " + vcpus + ", not 1 … " + MAX_VCPUS);
        }
        if (gttPages < vcpus || gttPages > MAX_GTT_PAGES) {
            throw new IllegalArgumentException("--gtt-pages is " + gttPages + ", not " + vcpus + " … " + MAX_GTT_PAGES);
        }
        if (window < 1 || window > 1024) {
            throw new IllegalArgumentException("--window is " + window + ", not 1 … 1024");
        }
    }
}

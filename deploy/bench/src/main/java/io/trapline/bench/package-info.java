/**
 * Side-by-side benchmarks: what Trapline does against bare gRPC in the same run, so that only the ratio counts and not the machine. The programs
 * that are measured are processes of their own, started from {@link io.trapline.bench.BenchProcess}.
 */
@NullMarked
package io.trapline.bench;

import org.jspecify.annotations.NullMarked;

/** Clients that keep a cluster busy and record what they do: guests, emulators, operators. */
@NullMarked
package io.trapline.faults.workload;

import org.jspecify.annotations.NullMarked;

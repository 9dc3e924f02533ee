/** The coordinators of the simulated cluster: the real ledger, leadership and registry, over a model of Raft and between mailboxes that are read some time later. */
@NullMarked
package io.trapline.sim.world.cluster.coordinator;

import org.jspecify.annotations.NullMarked;

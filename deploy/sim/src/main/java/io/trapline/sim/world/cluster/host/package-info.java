/** What every process of the simulated cluster runs on: true time, hosts whose clocks differ and that stop and crash, and the network between them. */
@NullMarked
package io.trapline.sim.world.cluster.host;

import org.jspecify.annotations.NullMarked;

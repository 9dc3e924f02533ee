package io.trapline.sim.world;

/** One row of a guest's batch. */
record GuestRow(long sequence, long address, byte attributes, long data, int count, int timeoutMillis) {}

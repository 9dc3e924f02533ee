package io.trapline.sim.world.part;

/** One row of a guest's batch. */
public record GuestRow(long sequence, long address, byte attributes, long data, int count, int timeoutMillis) {}

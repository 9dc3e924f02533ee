package io.trapline.client;

/**
 * What an emulator has seen; every number only grows.
 *
 * @param received ioreqs that arrived, resends included
 * @param carriedOut ioreqs given to the device model and answered by it
 * @param repeated ioreqs that were answered from what was kept, without acting (F6)
 * @param refused ioreqs that were decided before a change this run knows of, or over already (C4, C7)
 * @param redelivered ioreqs that another run may have carried out (F6)
 * @param resumptions how often a lost connection was resumed
 */
public record EmulatorCounters(
        long received, long carriedOut, long repeated, long refused, long redelivered, long resumptions) {}

package io.trapline.sim.world.part;

/** One server, wherever it is. */
public record ServerName(int id, long generation) {
    @Override
    public String toString() {
        return "server " + id + "/" + generation;
    }
}

package io.trapline.sim.world;

import java.util.List;

/** What goes wrong, and how time goes by. */
final class Faults {
    private final World world;
    private final Schedule schedule;

    Faults(World world) {
        this.world = world;
        schedule = world.schedule;
    }

    /** How long the next step takes. */
    long time() {
        if (schedule.oneIn(4_000)) {
            return 1_000_000_000L * (1 + schedule.upTo(5));
        }
        return schedule.oneIn(200) ? schedule.upTo(30_000_000) : schedule.upTo(20_000);
    }

    /** Perhaps something goes wrong. */
    void act() {
        if (schedule.oneIn(10)) {
            schedule.holdUpOne();
        }
        if (!schedule.oneIn(world.settings.cuts)) {
            return;
        }
        switch (schedule.random.nextInt(9)) {
            case 0, 1, 2 -> schedule.oneOf(world.guests()).cut();
            case 3, 4 -> anyEmulator().cut();
            case 5 -> takeOver();
            case 6 -> anyEmulator().kill();
            case 7 -> world.coordinator.loseSession();
            default -> world.newGuest(schedule.upTo(world.settings.vcpus - 1));
        }
    }

    private Emulator anyEmulator() {
        return schedule.oneOf(world.emulators);
    }

    /** Another run attaches while the one before may still be at work (S5). */
    private void takeOver() {
        List<ServerActor> servers = List.copyOf(world.node.servers.values());
        if (!servers.isEmpty()) {
            world.newEmulator(schedule.oneOf(servers));
        }
    }
}

package io.trapline.sim.world;

import io.trapline.sim.world.part.Emulator;
import io.trapline.sim.world.part.ServerName;
import java.util.List;
import java.util.function.Consumer;

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
        if (schedule.oneIn(world.settings.holdUps)) {
            schedule.holdUpOne();
        }
        if (!schedule.oneIn(world.settings.cuts)) {
            return;
        }
        switch (schedule.random.nextInt(10)) {
            case 0, 1 -> schedule.oneOf(world.guests()).cut();
            case 2, 3, 4 -> anyEmulator(Emulator::cut);
            case 5, 6 -> takeOver();
            case 7 -> anyEmulator(Emulator::kill);
            case 8 -> world.coordinator.loseSession();
            default -> world.newGuest(schedule.upTo(world.settings.vcpus - 1));
        }
    }

    private void anyEmulator(Consumer<Emulator> fault) {
        if (!world.emulators.isEmpty()) {
            fault.accept(schedule.oneOf(world.emulators));
        }
    }

    /** Another run attaches while the one before may still be at work (S5). */
    private void takeOver() {
        List<ServerName> servers = world.servers();
        if (!servers.isEmpty()) {
            world.newEmulator(schedule.oneOf(servers));
        }
    }
}

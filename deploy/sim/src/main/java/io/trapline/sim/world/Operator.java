package io.trapline.sim.world;

import io.trapline.internal.v1.Answer;
import io.trapline.internal.v1.Command;
import io.trapline.model.MemType;
import io.trapline.v1.RequestId;
import java.util.List;
import java.util.Objects;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** Who changes things while guests run: claims, releases, servers, types, pauses; several calls at a time. */
final class Operator {
    private static final int MOST_CALLS = 3;
    private static final List<MemType> TYPES = List.of(
            MemType.RAM_RW, MemType.RAM_RO, MemType.ioreqServer(0), MemType.ioreqServer(1), MemType.ioreqServer(2));

    private final World world;
    private final Schedule schedule;
    private @Nullable RequestNumbers numbers;
    private int calls;
    private int paused;

    Operator(World world) {
        this.world = world;
        schedule = world.schedule;
    }

    /** Its requests carry ids from here on. */
    void begin() {
        Answer session = world.coordinator.execute(Commands.openSession(), false, answer -> {});
        numbers = new RequestNumbers(session.getOpenSession().getSession());
    }

    /** One change, if not too many are under way. */
    void act() {
        if (calls >= MOST_CALLS || world.node.servers.isEmpty()) {
            return;
        }
        ServerActor server = schedule.oneOf(List.copyOf(world.node.servers.values()));
        switch (schedule.random.nextInt(18)) {
            case 0, 1, 2 -> claim(server, schedule.upTo(Layout.TYPES - 1), 1 + schedule.upTo(2));
            case 3, 4, 5 -> release(server, schedule.upTo(Layout.TYPES - 1));
            case 6 -> setState(server, false);
            case 7, 8 -> setState(server, true);
            case 9, 10, 11 -> ofServer(server, range(server));
            case 12, 13, 14 -> setType();
            case 15 -> pause();
            case 16 -> {
                setState(server, false);
                setState(server, true);
            }
            default -> renew(server);
        }
    }

    void claim(ServerActor server, int x, int flags) {
        world.promises.changing(x);
        call(Commands.claim(server.id, x, flags), false, answer -> world.promises.changed(x));
    }

    private void release(ServerActor server, int x) {
        world.promises.changing(x);
        Command command = Commands.release(server.id, x, schedule.oneOf(world.settings.drainMillis), schedule.oneIn(4));
        call(command, schedule.oneIn(3), answer -> {
            world.promises.changed(x);
            if (!answer.hasRefusal()) {
                long revision = answer.getMapMemType().getRevision();
                hearsLater(server, emulator -> emulator.released(x, revision));
            }
        });
    }

    void setState(ServerActor server, boolean enabled) {
        Command command = Commands.setState(server.id, enabled, schedule.oneOf(world.settings.drainMillis));
        world.promises.changingServer(server.id);
        call(command, schedule.oneIn(3), answer -> {
            world.promises.changedServer(server.id);
            if (!enabled && !answer.hasRefusal()) {
                long revision = answer.getSetIoreqServerState().getRevision();
                hearsLater(server, emulator -> emulator.stopped(revision));
            }
        });
    }

    private void hearsLater(ServerActor server, Consumer<Emulator> message) {
        schedule.channel("operator→emulators")
                .tell(
                        "the emulator of " + server.name() + " hears",
                        () -> world.emulators.stream()
                                .filter(emulator -> emulator.server == server)
                                .forEach(message));
    }

    private Command range(ServerActor server) {
        boolean ports = schedule.random.nextBoolean();
        return schedule.random.nextBoolean()
                ? Commands.mapRange(server.id, ports)
                : Commands.unmapRange(server.id, ports);
    }

    void mapRanges(ServerActor server) {
        ofServer(server, Commands.mapRange(server.id, true));
        ofServer(server, Commands.mapRange(server.id, false));
    }

    private void ofServer(ServerActor server, Command command) {
        world.promises.changingServer(server.id);
        call(command, false, answer -> world.promises.changedServer(server.id));
    }

    /** The server goes, and another comes, often under its id (S1, S4). */
    private void renew(ServerActor server) {
        for (int x = 0; x < Layout.TYPES; x++) {
            world.promises.changing(x);
        }
        world.promises.changingServer(server.id);
        Command destroy =
                Commands.destroyServer(server.id, server.generation, schedule.oneOf(world.settings.drainMillis));
        call(destroy, schedule.random.nextBoolean(), answer -> {
            world.promises.changedServer(server.id);
            for (int x = 0; x < Layout.TYPES; x++) {
                world.promises.changed(x);
            }
            if (!answer.hasRefusal()) {
                create();
            }
        });
    }

    void create() {
        boolean buffers = schedule.upTo(3) > 0;
        Command command = Commands.createServer(buffers, schedule.oneOf(world.settings.serverTimeoutMillis));
        call(command, false, answer -> {});
    }

    void setType() {
        long first = schedule.oneOf(Layout.PAGES.subList(0, 3));
        calls++;
        schedule.channel("operator's type calls")
                .tell(
                        "type call",
                        () -> world.node.types.set(first, 1 + schedule.upTo(1), schedule.oneOf(TYPES), () -> calls--));
    }

    private void pause() {
        world.promises.pausing();
        call(Commands.pause(), false, answer -> {
            paused++;
            world.promises.paused();
        });
    }

    /** Undoes a pause, if there is one. */
    void unpause() {
        if (paused > 0) {
            paused--;
            world.promises.pausing();
            call(Commands.unpause(), false, answer -> world.promises.paused());
        }
    }

    private void call(Command command, boolean waits, Consumer<Answer> returned) {
        calls++;
        RequestId id = numbers().next();
        Command request = Commands.withId(command, id);
        // Each call comes on its way by itself.
        Channel way = schedule.channel("operator's call " + schedule.random.nextInt(4));
        way.tell(() -> command.getCommandCase() + " " + Texts.flat(command), () -> {
            Answer first = world.coordinator.execute(request, waits, answer -> {
                schedule.say(() -> command.getCommandCase() + " returns " + Texts.flat(answer));
                calls--;
                returned.accept(answer);
            });
            askAgain(request, id, first);
        });
    }

    /** The answer was lost perhaps, and the operator asks again (section E). */
    private void askAgain(Command request, RequestId id, Answer first) {
        if (!schedule.oneIn(8)) {
            numbers().done(id);
            return;
        }
        schedule.channel("operator's resend " + id.getNumber()).tell(() -> "again " + Texts.flat(request), () -> {
            world.coordinator.again(request, first);
            numbers().done(id);
        });
    }

    private RequestNumbers numbers() {
        return Objects.requireNonNull(numbers, "begins with a session");
    }

    boolean isIdle() {
        return calls == 0 && paused == 0;
    }
}

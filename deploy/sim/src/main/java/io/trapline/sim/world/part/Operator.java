package io.trapline.sim.world.part;

import io.trapline.internal.v1.Answer;
import io.trapline.internal.v1.Command;
import io.trapline.model.MemType;
import io.trapline.sim.run.Chance;
import io.trapline.v1.RequestId;
import java.util.List;
import java.util.Objects;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** Who changes things while guests run: claims, releases, servers, types, pauses; several calls at a time. */
public final class Operator {
    private static final int MOST_CALLS = 3;
    private static final List<MemType> TYPES = List.of(
            MemType.RAM_RW, MemType.RAM_RO, MemType.ioreqServer(0), MemType.ioreqServer(1), MemType.ioreqServer(2));

    private final Stage world;
    private final Realm realm;
    private final Chance chance;
    private @Nullable RequestNumbers numbers;
    private int calls;
    private int paused;

    public Operator(Stage world, Realm realm) {
        this.world = world;
        this.realm = realm;
        chance = world.chance;
    }

    /** Its requests carry ids of that session. */
    public void begin(long session) {
        numbers = new RequestNumbers(session);
    }

    /** One change, if not too many are under way. */
    public void act() {
        if (calls >= MOST_CALLS || realm.servers().isEmpty()) {
            return;
        }
        ServerName server = chance.oneOf(realm.servers());
        switch (chance.random().nextInt(18)) {
            case 0, 1, 2 -> claim(server, chance.upTo(Layout.TYPES - 1), 1 + chance.upTo(2));
            case 3, 4, 5 -> release(server, chance.upTo(Layout.TYPES - 1));
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

    public void claim(ServerName server, int x, int flags) {
        world.promises.changing(x);
        call(Commands.claim(server.id(), x, flags), false, answer -> world.promises.changed(x));
    }

    private void release(ServerName server, int x) {
        world.promises.changing(x);
        Command command = Commands.release(server.id(), x, chance.oneOf(world.settings.drainMillis), chance.oneIn(4));
        call(command, chance.oneIn(3), answer -> {
            world.promises.changed(x);
            if (!answer.hasRefusal()) {
                long revision = answer.getMapMemType().getRevision();
                hearsLater(server, emulator -> emulator.released(x, revision));
            }
        });
    }

    public void setState(ServerName server, boolean enabled) {
        Command command = Commands.setState(server.id(), enabled, chance.oneOf(world.settings.drainMillis));
        world.promises.changingServer(server.id());
        call(command, chance.oneIn(3), answer -> {
            world.promises.changedServer(server.id());
            if (!enabled && !answer.hasRefusal()) {
                long revision = answer.getSetIoreqServerState().getRevision();
                hearsLater(server, emulator -> emulator.stopped(revision));
            }
        });
    }

    private void hearsLater(ServerName server, Consumer<Emulator> message) {
        realm.toEmulators(
                "the emulator of " + server + " hears",
                () -> realm.emulators().stream()
                        .filter(emulator -> emulator.server.equals(server))
                        .forEach(message));
    }

    private Command range(ServerName server) {
        boolean ports = chance.random().nextBoolean();
        return chance.random().nextBoolean()
                ? Commands.mapRange(server.id(), ports)
                : Commands.unmapRange(server.id(), ports);
    }

    public void mapRanges(ServerName server) {
        ofServer(server, Commands.mapRange(server.id(), true));
        ofServer(server, Commands.mapRange(server.id(), false));
    }

    private void ofServer(ServerName server, Command command) {
        world.promises.changingServer(server.id());
        call(command, false, answer -> world.promises.changedServer(server.id()));
    }

    /** The server goes, and another comes, often under its id (S1, S4). */
    private void renew(ServerName server) {
        for (int x = 0; x < Layout.TYPES; x++) {
            world.promises.changing(x);
        }
        world.promises.changingServer(server.id());
        Command destroy =
                Commands.destroyServer(server.id(), server.generation(), chance.oneOf(world.settings.drainMillis));
        call(destroy, chance.random().nextBoolean(), answer -> {
            world.promises.changedServer(server.id());
            for (int x = 0; x < Layout.TYPES; x++) {
                world.promises.changed(x);
            }
            if (!answer.hasRefusal()) {
                create();
            }
        });
    }

    public void create() {
        boolean buffers = chance.upTo(3) > 0;
        Command command = Commands.createServer(buffers, chance.oneOf(world.settings.serverTimeoutMillis));
        call(command, false, answer -> {});
    }

    public void setType() {
        long first = chance.oneOf(Layout.PAGES.subList(0, 3));
        calls++;
        realm.setTypes(first, 1 + chance.upTo(1), chance.oneOf(TYPES), () -> calls--);
    }

    /** Of two pages that lie in different shards, every other time so that both become what they may become at all (T5). */
    public void setTypeAcross() {
        if (calls < MOST_CALLS) {
            calls++;
            MemType type = chance.oneIn(2) ? MemType.RAM_RW : chance.oneOf(TYPES);
            realm.setTypes(Layout.SHARD_PAGES - 1, 2, type, () -> calls--);
        }
    }

    private void pause() {
        world.promises.pausing();
        call(Commands.pause(), false, answer -> {
            paused++;
            world.promises.paused();
        });
    }

    /** Undoes a pause, if there is one. */
    public void unpause() {
        if (paused > 0) {
            paused--;
            world.promises.pausing();
            call(Commands.unpause(), false, answer -> world.promises.paused());
        }
    }

    private void call(Command command, boolean waits, Consumer<Answer> returned) {
        calls++;
        RequestId id = numbers().next();
        realm.call(
                Commands.withId(command, id),
                waits,
                answer -> {
                    chance.say(() -> command.getCommandCase() + " returns " + Texts.flat(answer));
                    calls--;
                    returned.accept(answer);
                },
                () -> numbers().done(id));
    }

    private RequestNumbers numbers() {
        return Objects.requireNonNull(numbers, "begins with a session");
    }

    public boolean isIdle() {
        return calls == 0 && paused == 0;
    }
}

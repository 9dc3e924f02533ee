package io.trapline.sim.world.hosts;

import io.trapline.internal.v1.Answer;
import io.trapline.internal.v1.Command;
import io.trapline.model.AccessAttributes;
import io.trapline.model.Errno;
import io.trapline.model.Gfn;
import io.trapline.model.MemType;
import io.trapline.node.p2m.DecisionTable;
import io.trapline.node.protocol.ServerView;
import io.trapline.sim.check.GuestAccess;
import io.trapline.sim.world.cluster.host.SimHost;
import io.trapline.sim.world.part.Commands;
import io.trapline.sim.world.part.Emulator;
import io.trapline.sim.world.part.Guest;
import io.trapline.sim.world.part.GuestRow;
import io.trapline.sim.world.part.Layout;
import io.trapline.sim.world.part.ServerName;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * One guest, one server with its emulator, and nobody else who does anything: guest, emulator, the server's home and the primary of the shards are where a test says.
 * Writes to {@link #page} go to the server, reads of it to the page.
 */
final class TrapScenario {
    private static final int LEAST_WINDOW = 8;
    private static final long TURN_NANOS = 1_000_000;
    private static final int LONG_MILLIS = 30_000;
    private static final int LEAST_PATIENCE_MILLIS = 5_000;
    private static final int TYPE = 0;
    private static final int WRITES = 2;

    final HostScenario scenario;
    final HostsWorld world;
    final Hosts hosts;
    /** Of both shards. */
    final SimHost primary;

    final SimHost backup;
    /** Where the server is. */
    final SimHost home;
    /** Where the guest comes first. */
    final SimHost gateway;

    final ServerName server;
    final Emulator emulator;
    final Guest guest;
    /** Of the first shard. */
    final long page = Layout.PAGES.get(0);

    private final ClientReach guestReach;
    private final List<Emulator> comeBack = new ArrayList<>();
    private long value = 0x7EA9_0000_0000_0000L;

    private TrapScenario(HostScenario scenario) {
        this.scenario = scenario;
        world = scenario.world;
        hosts = scenario.hosts;
        primary = hosts.primary(0);
        backup = scenario.backup(0);
        home = scenario.otherThan(primary, backup);
        gateway = scenario.otherThan(primary, home, backup);
        server = holder(scenario).orElseThrow();
        world.emulators.clear();
        world.guests.clear();
        guestReach = world.reach(gateway);
        guest = newGuest();
        takeTurns();
        emulator = attached(server, home);
        scenario.until("the guest has its vCPU", guest::isIdle);
    }

    /** The n-th, with something wrong or not. */
    static TrapScenario begin(long n, HostsPlant plant) {
        return begin(n, plant, LEAST_PATIENCE_MILLIS, LONG_MILLIS);
    }

    /** The n-th whose server does not wait long for its emulator (F4). */
    static TrapScenario impatient(long n, HostsPlant plant) {
        return begin(n, plant, 1, LEAST_PATIENCE_MILLIS - 1);
    }

    private static TrapScenario begin(long n, HostsPlant plant, int least, int most) {
        return new TrapScenario(HostScenario.quiet(n, plant, of -> isWanted(of, least, most)));
    }

    private static boolean isWanted(HostScenario of, int least, int most) {
        SimHost primary = of.hosts.primary(0);
        return of.world.homesMove()
                && of.isDual()
                && of.hosts.primary(1) == primary
                && of.backup(0) == of.backup(1)
                && holder(of)
                        .map(server -> view(of, server).timeoutMillis())
                        .filter(millis -> millis >= least && millis <= most)
                        .isPresent();
    }

    private static Optional<ServerName> holder(HostScenario of) {
        DecisionTable table = of.hosts.domain().orElseThrow().table();
        int writes = table.claimant(TYPE, true);
        return of.world.servers().stream()
                .filter(server -> server.id() == writes && table.claimant(TYPE, false) == DecisionTable.NONE)
                .findFirst();
    }

    private static ServerView view(HostScenario of, ServerName name) {
        return of.hosts.domain().orElseThrow().servers().stream()
                .filter(server -> server.generation() == name.generation())
                .findFirst()
                .orElseThrow();
    }

    /** One whose window takes all that a story submits at once. */
    private Guest newGuest() {
        Guest fresh = world.newGuest(0, guestReach);
        while (fresh.window() < LEAST_WINDOW) {
            world.guests.remove(fresh);
            fresh = world.newGuest(0, guestReach);
        }
        return fresh;
    }

    /** The guest sends what it has submitted and comes back when it has lost its stream, as its emulators do. */
    private void takeTurns() {
        hosts.agenda.after(TURN_NANOS, () -> {
            guest.act(false);
            comeBack.forEach(Emulator::comeBack);
            takeTurns();
        });
    }

    // ---- the guest

    /** It writes another word of the page, eight bytes, under another value. */
    GuestAccess writes(long gfn, int word) {
        return submits(gfn, word, true, ++value);
    }

    GuestAccess reads(long gfn, int word) {
        return submits(gfn, word, false, 0);
    }

    private GuestAccess submits(long gfn, int word, boolean write, long data) {
        byte attributes = AccessAttributes.of(Long.BYTES, write, AccessAttributes.MEM);
        long address = (gfn << Gfn.PAGE_SHIFT) + (long) word * Long.BYTES;
        return guest.submit(new GuestRow(0, address, attributes, data, 1, LONG_MILLIS));
    }

    /** The value that was written last. */
    long written() {
        return value;
    }

    /** What the guest hears of it, sooner or later. */
    GuestAccess.Outcome outcome(GuestAccess access) {
        scenario.until(
                "the guest has heard of " + access, () -> access.outcome().isPresent());
        return access.outcome().orElseThrow();
    }

    /** What is in a word of a page that it reads. */
    long inMemory(long gfn, int word) {
        return outcome(reads(gfn, word)).data();
    }

    /** It loses its stream, and goes on at that node. */
    void guestGoesTo(SimHost other) {
        guestReach.goTo(other);
        guest.cut();
    }

    // ---- emulators

    /** One that attaches there, and is attached. */
    Emulator attached(ServerName of, SimHost at) {
        Emulator fresh = world.newEmulator(of, at);
        comeBack.add(fresh);
        scenario.until("the emulator is attached", () -> fresh.isIdle() && hosts.home(of.id()) == at);
        return fresh;
    }

    /** It has that many requests, of which it has carried out none. */
    void untilItHas(Emulator one, int requests) {
        scenario.until("the emulator has " + requests, () -> one.toCarryOut() == requests);
    }

    /** It carries out the one that it has next. */
    void carriesOut(Emulator one) {
        scenario.until("the emulator has something", () -> one.toCarryOut() > 0);
        one.carryOutNext();
    }

    /** And its answer goes out. */
    void serves(Emulator one) {
        carriesOut(one);
        one.answerAll();
    }

    /** Whether the server waits for an answer of its emulator. */
    boolean isAtWork(SimHost at, ServerName of) {
        return hosts.node(at.name())
                .flatMap(node -> node.node().server(of))
                .filter(actor -> actor.checks.inProcess() > 0)
                .isPresent();
    }

    // ---- the owner

    /** What a call that changes who has the type is answered. */
    Answer changesClaims(Command command) {
        Answer[] returned = new Answer[1];
        hosts.stage.promises.changing(TYPE);
        hosts.stage.promises.changingServer(server.id());
        world.ask(command, answer -> {
            hosts.stage.promises.changed(TYPE);
            hosts.stage.promises.changedServer(server.id());
            returned[0] = answer;
        });
        scenario.until(command.getCommandCase() + " returns", () -> returned[0] != null);
        return returned[0];
    }

    /** Its type is let go. */
    Command releases(int drainMillis) {
        return Commands.release(server.id(), TYPE, drainMillis, false);
    }

    /** Writes to pages of the type go to that server. */
    Command claims(ServerName of) {
        return Commands.claim(of.id(), TYPE, WRITES);
    }

    /** Another server that there is. */
    ServerName otherServer() {
        return world.servers().stream()
                .filter(of -> !of.equals(server))
                .findFirst()
                .orElseThrow();
    }

    /** One is made, enabled, and has the type. */
    ServerName newServer() {
        List<ServerName> before = world.servers();
        changesClaims(Commands.createServer(false, 0));
        ServerName fresh = world.servers().stream()
                .filter(of -> !before.contains(of))
                .findFirst()
                .orElseThrow();
        changesClaims(Commands.setState(fresh.id(), true, 0));
        changesClaims(claims(fresh));
        return fresh;
    }

    /** Why it was refused; OK where it was not. */
    static int errno(Answer answer) {
        return answer.hasRefusal() ? answer.getRefusal().getErrno() : Errno.OK;
    }

    /** The type of a page is another one, and the call has returned. */
    void becomes(long gfn, MemType type) {
        boolean[] done = {false};
        world.setTypes(gfn, 1, type, () -> done[0] = true);
        scenario.until("the type is " + type, () -> done[0]);
    }

    // ---- hosts

    /** It dies, and its copies of the shards go on. */
    void primaryDies() {
        long promotions = scenario.promotions();
        hosts.crashNode(primary);
        scenario.until("the other copies go on", () -> scenario.promotions() == promotions + 2);
    }

    /** Everybody goes on, everything comes to its end, and has kept every promise. */
    void ends() {
        if (!primary.runs()) {
            hosts.startNode(primary);
        }
        world.actLater();
        scenario.ends();
    }
}

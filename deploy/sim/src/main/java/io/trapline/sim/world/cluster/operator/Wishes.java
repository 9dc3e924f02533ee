package io.trapline.sim.world.cluster.operator;

import io.trapline.internal.v1.Answer;
import io.trapline.internal.v1.AttachEmulator;
import io.trapline.internal.v1.Command;
import io.trapline.model.Errno;
import io.trapline.sim.world.cluster.host.Agenda;
import io.trapline.sim.world.cluster.request.Requests;
import java.util.ArrayDeque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * What an operator wants next: few domains, servers and types, so that operators meet. What is not there is refused, and made next, often; a domain that lost its
 * memory is destroyed.
 */
final class Wishes {
    private static final int DOMAINS = 2;
    private static final int SERVERS = 2;
    private static final int TYPES = 2;

    private final Agenda agenda;
    private final List<String> nodes;
    private final List<Integer> drainMillis;
    private final ArrayDeque<Command> plan = new ArrayDeque<>();
    /** Of servers that are created; 0 = their claims stay without an emulator. */
    private final List<Integer> graceMillis;
    /** Generations of servers, by domain and id. */
    private final Map<Integer, Long> servers = new HashMap<>();
    /** The last sessions of servers, by domain and id. */
    private final Map<Integer, Long> sessions = new HashMap<>();

    Wishes(Agenda agenda, List<String> nodes) {
        this.agenda = agenda;
        this.nodes = nodes;
        graceMillis = agenda.oneOf(List.of(List.of(0), List.of(0, 300), List.of(300, 1_500)));
        drainMillis = agenda.oneOf(List.of(List.of(0, 20), List.of(20, 500), List.of(2_000)));
    }

    Command next() {
        return plan.isEmpty() ? any() : plan.remove();
    }

    private Command any() {
        int domid = 1 + agenda.upTo(DOMAINS - 1);
        int id = agenda.upTo(SERVERS - 1);
        int x = agenda.upTo(TYPES - 1);
        int drain = agenda.oneOf(drainMillis);
        return switch (agenda.upTo(31)) {
            case 0 -> Requests.destroyDomain(domid);
            case 1, 2 -> Requests.destroyServer(domid, id, drain);
            case 3, 4 -> Requests.setState(domid, id, false, drain);
            case 5 -> Requests.pause(domid);
            case 6 -> Requests.unpause(domid);
            case 7, 8 ->
                Requests.detach(
                        domid, id, servers.getOrDefault(key(domid, id), 1L), sessions.getOrDefault(key(domid, id), 1L));
            case 9, 10, 11 ->
                Requests.attach(
                        domid,
                        id,
                        servers.getOrDefault(key(domid, id), 1L),
                        agenda.name(),
                        agenda.oneOf(nodes),
                        agenda.oneIn(2));
            case 12, 13, 14, 15, 16, 17, 18, 19 -> Requests.release(domid, id, x, drain);
            case 20, 21 -> Requests.setState(domid, id, true, drain);
            default -> Requests.claim(domid, id, x);
        };
    }

    /** What makes that there is something to claim. */
    void prepare(int domid) {
        plan.add(Requests.createDomain(domid, agenda.oneIn(2)));
        prepareServer(domid);
        prepareServer(domid);
    }

    private void prepareServer(int domid) {
        plan.add(Requests.createServer(domid, agenda.oneOf(graceMillis)));
        for (int id = 0; id < SERVERS; id++) {
            plan.add(Requests.setState(domid, id, true, 0));
        }
    }

    /** A call has returned. */
    void answered(Command command, Answer answer) {
        if (command.hasCreateIoreqServer() && answer.hasCreateIoreqServer()) {
            int domid = command.getCreateIoreqServer().getDomid();
            servers.put(
                    key(domid, answer.getCreateIoreqServer().getId()),
                    answer.getCreateIoreqServer().getGeneration());
            if (agenda.oneIn(2)) {
                plan.add(Requests.attach(
                        domid,
                        answer.getCreateIoreqServer().getId(),
                        answer.getCreateIoreqServer().getGeneration(),
                        agenda.name(),
                        agenda.oneOf(nodes),
                        false));
            }
        }
        if (command.hasAttachEmulator() && answer.getExecute().getRevision() != 0) {
            attached(command.getAttachEmulator(), answer.getExecute().getRevision());
        }
        int domid = Requests.domid(command);
        if (!answer.hasRefusal() || domid == 0 || !plan.isEmpty() || agenda.oneIn(3)) {
            return;
        }
        int errno = answer.getRefusal().getErrno();
        if (errno == Errno.ESRCH.number()) {
            prepare(domid);
        } else if (errno == Errno.EIO.number()) {
            plan.add(Requests.destroyDomain(domid));
            prepare(domid);
        } else if (errno == Errno.ENOENT.number()) {
            prepareServer(domid);
        } else if (errno == Errno.EBUSY.number() && command.hasMapMemType()) {
            // Whoever holds it has had it long enough.
            for (int id = 0; id < SERVERS; id++) {
                plan.add(Requests.release(
                        domid,
                        id,
                        command.getMapMemType().getTypeValue() - Requests.FIRST_TYPE,
                        agenda.oneOf(drainMillis)));
            }
            plan.add(command);
        }
    }

    /** Often others wait for the end of the session, which may come (S5). */
    private void attached(AttachEmulator q, long session) {
        sessions.put(key(q.getDomid(), q.getId()), session);
        if (!agenda.oneIn(3)) {
            plan.add(Requests.attach(
                    q.getDomid(), q.getId(), q.getGeneration(), agenda.name(), agenda.oneOf(nodes), true));
            if (agenda.oneIn(2)) {
                plan.add(Requests.detach(q.getDomid(), q.getId(), q.getGeneration(), session));
            }
        }
    }

    private static int key(int domid, int id) {
        return domid * SERVERS + id;
    }
}

package io.trapline.sim.world.cluster.operator;

import io.trapline.internal.v1.Answer;
import io.trapline.internal.v1.Command;
import io.trapline.sim.world.cluster.check.CallChecks;
import io.trapline.sim.world.cluster.check.LeaseChecks;
import io.trapline.sim.world.cluster.check.SessionChecks;
import io.trapline.sim.world.cluster.host.Agenda;
import io.trapline.sim.world.cluster.host.SimHost;
import io.trapline.sim.world.cluster.request.Requests;
import io.trapline.sim.world.cluster.seam.ClusterSeams;
import io.trapline.v1.RequestId;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** One operator: a call at a time, most of them under request ids, asked again through any coordinator until there is an answer. */
public final class Operator {
    private static final long MILLIS = 1_000_000;
    private static final long PATIENCE = 8_000 * MILLIS;

    private final Agenda agenda;
    private final SimHost host;
    private final Calls calls;
    private final List<String> coordinators;
    private final ClusterSeams seams;
    private final LeaseChecks leases;
    private final CallChecks checks;
    private final SessionChecks sessions;
    private final Wishes wishes;
    private final long thinksNanos;
    private long session;
    private long number;
    private String leader = "";
    private @Nullable Call open;
    private boolean wantsMore = true;
    private long returned;

    /** @param nodes names of nodes that emulators may attach to */
    public Operator(
            Agenda agenda,
            SimHost host,
            Calls calls,
            List<String> coordinators,
            List<String> nodes,
            ClusterSeams seams,
            LeaseChecks leases,
            CallChecks checks,
            SessionChecks sessions) {
        this.agenda = agenda;
        this.host = host;
        this.calls = calls;
        this.coordinators = coordinators;
        this.seams = seams;
        this.leases = leases;
        this.checks = checks;
        this.sessions = sessions;
        wishes = new Wishes(agenda, nodes);
        thinksNanos = agenda.oneOf(List.of(20 * MILLIS, 60 * MILLIS, 300 * MILLIS));
    }

    /** Begins; {@code prepares} whether it makes something to begin with. */
    public void begin(boolean prepares) {
        if (prepares) {
            wishes.prepare(1);
        }
        think();
    }

    private final class Call implements Calls.Attempt {
        final Command command;
        final boolean waits;
        final Optional<RequestId> id;
        int attempts;
        boolean isOver;
        /** Whether it has been answered, and the same is asked once more. */
        boolean isAnswered;

        Call(Command command, boolean waits, Optional<RequestId> id) {
            this.command = command;
            this.waits = waits;
            this.id = id;
        }

        void attempt() {
            if (isOver) {
                return;
            }
            attempts++;
            checks.asked(attempts > 1);
            String to = leader.isEmpty() || agenda.oneIn(4) ? agenda.oneOf(coordinators) : leader;
            leader = "";
            Command sent = attempts > 1 && id.isPresent() ? seams.retried(command) : command;
            if (command.hasDetachEmulator()) {
                sessions.leaves(command.getDetachEmulator().getSessionEpoch());
            }
            agenda.say(() -> host.name() + " asks " + to + ": " + sent.getCommandCase());
            int attempt = attempts;
            calls.call(host, to, sent, waits, this);
            // It waits no longer than this for one coordinator, if it may ask again.
            if (id.isPresent()) {
                host.after(PATIENCE, () -> {
                    if (attempt == attempts && !isOver) {
                        attempt();
                    }
                });
            }
        }

        void again() {
            host.after(agenda.between(25 * MILLIS, 200 * MILLIS), this::attempt);
        }

        @Override
        public void refused(String to) {
            leader = coordinators.contains(to) ? to : "";
            again();
        }

        @Override
        public void lost() {
            if (isOver) {
                return;
            }
            if (id.isPresent() || command.hasOpenSession()) {
                again();
            } else {
                over();
            }
        }

        @Override
        public void returned(Answer answer) {
            if (isOver) {
                return;
            }
            checks.returned(id, answer);
            leases.returned(answer.getRevision());
            returned++;
            wishes.answered(Requests.withoutId(command), answer);
            if (command.hasOpenSession()) {
                session = answer.getOpenSession().getSession();
            }
            if (!isAnswered && id.isPresent() && agenda.oneIn(6)) {
                isAnswered = true;
                again();
            } else {
                over();
            }
        }

        private void over() {
            isOver = true;
            open = null;
            think();
        }
    }

    private void think() {
        host.after(agenda.between(MILLIS, 2 * thinksNanos), this::next);
    }

    private void next() {
        if (!wantsMore) {
            return;
        }
        Command command = session == 0 ? Requests.openSession() : wishes.next();
        Optional<RequestId> id = Optional.empty();
        if (Requests.takesId(command) && session != 0 && !agenda.oneIn(5)) {
            id = Optional.of(RequestId.newBuilder()
                    .setSession(session)
                    .setNumber(++number)
                    .setAcknowledgedThrough(number - 1)
                    .build());
            command = Requests.withId(command, id.get());
        }
        Call call = new Call(command, agenda.oneIn(2), id);
        open = call;
        call.attempt();
    }

    /** Nothing more after what it has under way. */
    public void enough() {
        wantsMore = false;
    }

    /** Its process is gone, and never comes back. */
    public void crash() {
        host.crash();
    }

    /** Whether a call of it is under way. */
    public boolean isBusy() {
        return open != null;
    }

    /** How many of its calls have returned. */
    public long returned() {
        return returned;
    }

    @Override
    public String toString() {
        Call call = open;
        return host.name()
                + (call == null
                        ? " idle"
                        : " waits for " + call.command.getCommandCase() + ", attempt " + call.attempts);
    }
}

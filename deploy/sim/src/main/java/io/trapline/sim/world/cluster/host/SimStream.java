package io.trapline.sim.world.cluster.host;

import java.util.ArrayDeque;
import java.util.function.Consumer;
import java.util.function.Supplier;

/**
 * A stream between two lives of processes, in order each way until it breaks. Its ends hear of that one after the other; what was on its way may be lost. While
 * the network is cut what is said waits, and after a second of silence either end gives it up.
 */
public final class SimStream {
    private static final long AGAIN = 20_000_000;
    private static final long LEAST_SILENCE = 700_000_000;
    private static final long MOST_SILENCE = 1_300_000_000;

    private record Message(long dueNanos, Supplier<String> what, Runnable arrive) {}

    private static final class End {
        final SimHost host;
        final int life;
        /** On their way to it. */
        final ArrayDeque<Message> coming = new ArrayDeque<>();

        Runnable lost = () -> {};
        boolean isOver;

        End(SimHost host) {
            this.host = host;
            life = host.life();
        }

        boolean isGone() {
            return !host.isUp(life);
        }
    }

    private final Agenda agenda;
    private final SimNet net;
    private final End client;
    private final End server;

    SimStream(Agenda agenda, SimNet net, SimHost clientHost, SimHost serverHost) {
        this.agenda = agenda;
        this.net = net;
        client = new End(clientHost);
        server = new End(serverHost);
    }

    void begin(Consumer<SimStream> accepted) {
        if (server.isGone()) {
            agenda.after(net.delay(), () -> over(client));
            return;
        }
        send(client, server, () -> "opens a stream", () -> accepted.accept(this));
        disturbed();
    }

    /** What the client does when it hears that the stream is lost. */
    public void onLostAtClient(Runnable lost) {
        client.lost = lost;
    }

    /** What the server does then. */
    public void onLostAtServer(Runnable lost) {
        server.lost = lost;
    }

    /** Whether neither end can say anything by it any more. */
    public boolean isOver() {
        return (client.isOver || client.isGone()) && (server.isOver || server.isGone());
    }

    public void toServer(Supplier<String> what, Runnable arrive) {
        send(client, server, what, arrive);
    }

    public void toClient(Supplier<String> what, Runnable arrive) {
        send(server, client, what, arrive);
    }

    /** The server ends it: what it said before arrives first. */
    public void endAtServer(Supplier<String> what, Runnable arrive) {
        send(server, client, what, () -> {
            client.isOver = true;
            arrive.run();
        });
        server.isOver = true;
    }

    /** The client ends it. */
    public void endAtClient() {
        if (!client.isOver) {
            lastTo(client, server);
            client.isOver = true;
        }
    }

    /** It breaks for both. */
    public void fail() {
        agenda.say(() -> "the stream between " + client.host + " and " + server.host + " breaks");
        client.coming.clear();
        server.coming.clear();
        over(client);
        over(server);
    }

    private void send(End from, End to, Supplier<String> what, Runnable arrive) {
        if (from.isOver || from.isGone()) {
            return;
        }
        to.coming.add(new Message(agenda.now() + net.delay(), what, arrive));
        if (to.coming.size() == 1) {
            pump(from, to);
        }
    }

    private void pump(End from, End to) {
        Message next = to.coming.peek();
        if (next == null) {
            return;
        }
        agenda.after(next.dueNanos() - agenda.now(), () -> arrive(from, to, next));
    }

    @SuppressWarnings("ReferenceEquality") // Each message is itself.
    private void arrive(End from, End to, Message next) {
        if (to.coming.peek() != next) {
            return;
        }
        if (to.isGone() || to.isOver) {
            to.coming.clear();
            return;
        }
        if (net.isCut(from.host, to.host)) {
            agenda.after(AGAIN, () -> arrive(from, to, next));
            return;
        }
        to.coming.remove();
        to.host.arrive(to.life, () -> {
            if (!to.isOver) {
                agenda.say(() -> from.host.name() + " ⇒ " + to.host.name() + ": "
                        + next.what().get());
                next.arrive().run();
            }
        });
        pump(from, to);
    }

    /** Something has happened at an end or between them. */
    void disturbed() {
        for (End end : new End[] {client, server}) {
            End other = end == client ? server : client;
            if (end.isGone() || end.isOver) {
                continue;
            }
            if (other.isGone() && !agenda.oneIn(4)) {
                lastTo(other, end);
            } else if (isSilent(other, end)) {
                agenda.after(agenda.between(LEAST_SILENCE, MOST_SILENCE), () -> {
                    if (isSilent(other, end)) {
                        lastTo(end, other);
                        over(end);
                    }
                });
            }
        }
    }

    private boolean isSilent(End other, End end) {
        return other.isGone()
                || other.host.isPaused()
                || net.isCut(other.host, end.host)
                || net.isCut(end.host, other.host);
    }

    /** Behind what is on its way the other end hears that the stream is over. */
    private void lastTo(End from, End to) {
        to.coming.add(new Message(agenda.now() + net.delay(), () -> "the stream is over", () -> over(to)));
        if (to.coming.size() == 1) {
            pump(from, to);
        }
    }

    private void over(End end) {
        if (end.isOver) {
            return;
        }
        end.host.arrive(end.life, () -> {
            if (!end.isOver) {
                end.isOver = true;
                end.lost.run();
            }
        });
    }
}

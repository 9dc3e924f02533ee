package io.trapline.faults.containers;

import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.TreeMap;
import java.util.regex.Pattern;

/** What is done to the network of a container from outside, in the kernel: packets of one member to another dropped, refused, slowed down or delayed. */
final class Links {
    private static final Pattern OVERLIMITS = Pattern.compile("overlimits (\\d+)");
    private static final int QUEUE = 7;
    private static final Duration SHORTEST_DELAY = Duration.ofMillis(50);
    private static final Duration LONGEST_DELAY = Duration.ofMillis(100);

    private final Members members;
    /** Whose packets are slowed down, and whose are held. */
    private final Map<String, Boolean> slowed = new TreeMap<>();

    private final Map<String, HeldPackets> held = new TreeMap<>();

    Links(Members members) {
        this.members = members;
    }

    /** The first hears nothing of the second any more. */
    void deafen(String deaf, String other) throws IOException, InterruptedException {
        rule(deaf, other, List.of("-j", "DROP"));
    }

    /** Some of what the second says never reaches the first. */
    void lose(String deaf, String other) throws IOException, InterruptedException {
        rule(deaf, other, List.of("-m", "statistic", "--mode", "random", "--probability", "0.2", "-j", "DROP"));
    }

    /** What the second says to the first resets their connections. */
    void reset(String deaf, String other) throws IOException, InterruptedException {
        rule(deaf, other, List.of("-p", "tcp", "-j", "REJECT", "--reject-with", "tcp-reset"));
    }

    /** What it says goes at 128 kbit/s. */
    void slow(String id) throws IOException, InterruptedException {
        in(
                id,
                List.of(
                        "tc",
                        "qdisc",
                        "add",
                        "dev",
                        device(id),
                        "root",
                        "tbf",
                        "rate",
                        "128kbit",
                        "burst",
                        "1600",
                        "latency",
                        "400ms"));
        slowed.put(id, true);
    }

    /** What the second says reaches the first between {@link #SHORTEST_DELAY} and {@link #LONGEST_DELAY} later, and some of it before what was said earlier. */
    void delay(String late, String other) throws IOException, InterruptedException {
        held.put(
                late,
                HeldPackets.begin(
                        members.container(late).pid(), QUEUE, SHORTEST_DELAY, LONGEST_DELAY, new SplittableRandom()));
        rule(late, other, List.of("-j", "NFQUEUE", "--queue-num", Integer.toString(QUEUE), "--queue-bypass"));
    }

    private void rule(String at, String from, List<String> what) throws IOException, InterruptedException {
        List<String> command = new ArrayList<>(List.of("iptables", "-w", "-A", "INPUT", "-s", members.address(from)));
        command.addAll(what);
        in(at, command);
    }

    /** How many packets met with that so far at it. */
    long hit(String id) throws IOException, InterruptedException {
        long hit = in(id, List.of("iptables", "-w", "-nvxL", "INPUT"))
                .lines()
                .skip(2)
                .mapToLong(line -> Long.parseLong(line.strip().split("\\s+", 2)[0]))
                .sum();
        HeldPackets late = held.get(id);
        if (late != null && late.count() == 0) {
            throw new IOException("none of the packets to " + id + " was held");
        }
        if (slowed.containsKey(id)) {
            hit += OVERLIMITS
                    .matcher(in(id, List.of("tc", "-s", "qdisc", "show", "dev", device(id))))
                    .results()
                    .mapToLong(result -> Long.parseLong(result.group(1)))
                    .sum();
        }
        return hit;
    }

    /** Nothing is done to it any more, nor to those that were cut off from it. */
    void heal(String id) throws IOException, InterruptedException {
        for (String each : members.all()) {
            in(each, List.of("iptables", "-w", "-F", "INPUT"));
        }
        HeldPackets late = held.remove(id);
        if (late != null) {
            late.close();
        }
        if (slowed.remove(id) != null) {
            in(id, List.of("tc", "qdisc", "del", "dev", device(id), "root"));
        }
    }

    /** What its address is at: another one than at first, once it has been off the network. */
    private String device(String id) throws IOException, InterruptedException {
        return in(id, List.of("ip", "-o", "-4", "address", "show", "to", members.address(id)))
                .split("\\s+", 3)[1];
    }

    private String in(String id, List<String> command) throws IOException, InterruptedException {
        return HostCommands.in(members.container(id).pid(), command);
    }
}

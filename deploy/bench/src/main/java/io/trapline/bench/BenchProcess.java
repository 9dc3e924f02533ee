package io.trapline.bench;

import io.grpc.ManagedChannel;
import io.grpc.Server;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.util.List;

/**
 * A process of a benchmark. Says {@code ready: …} on standard output when it serves; a guest then runs for as many milliseconds as each line of standard input
 * says and prints accesses and nanoseconds. All end with their standard input.
 */
public final class BenchProcess {
    private BenchProcess() {}

    /**
     * Runs one of the processes.
     *
     * @param args {@code echo}; {@code relay ADDRESS}; {@code emulator ADDRESS DOMID ID GENERATION}; {@code guest ADDRESS} and a {@link Load}
     */
    public static void main(String[] args) throws IOException, InterruptedException {
        List<String> arguments = List.of(args);
        switch (arguments.getFirst()) {
            case "echo" -> serve(Transport.serve(new Echo()));
            case "relay" -> serve(Transport.serve(new Relay(Transport.connect(arguments.get(1)))));
            case "emulator" -> {
                LeanEmulator.attach(
                        Transport.connect(arguments.get(1)),
                        Integer.parseInt(arguments.get(2)),
                        Integer.parseInt(arguments.get(3)),
                        Long.parseLong(arguments.get(4)));
                say("ready: attached");
                untilInputEnds();
            }
            case "guest" -> drive(arguments);
            default -> throw new IllegalArgumentException("no such process: " + arguments.getFirst());
        }
        System.exit(0);
    }

    private static void serve(Server server) throws IOException {
        say("ready: 127.0.0.1:" + server.getPort());
        untilInputEnds();
        server.shutdownNow();
    }

    private static void drive(List<String> arguments) throws IOException, InterruptedException {
        ManagedChannel channel = Transport.connect(arguments.get(1));
        GuestDriver driver = GuestDriver.open(channel, Load.parse(arguments.subList(2, arguments.size())));
        say("ready: open");
        BufferedReader input = input();
        for (String line = input.readLine(); line != null; line = input.readLine()) {
            say(driver.run(Long.parseLong(line.trim())).text());
        }
        channel.shutdownNow();
    }

    private static void untilInputEnds() throws IOException {
        BufferedReader input = input();
        while (input.readLine() != null) {
            // Only its end counts: the process that started this one is gone.
        }
    }

    private static BufferedReader input() {
        return new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
    }

    private static void say(String line) {
        System.out.println(line);
        System.out.flush();
    }
}

package io.trapline.sim;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.stream.Collectors;

/**
 * At which seeds plants were noticed when they were last searched for: to find a rare one takes minutes, to see it again a moment. A line for each plant: its
 * name, those seeds with commas, in how many seeds it was noticed, and of how many. Thread-safe.
 */
final class NoticedPlants {
    private static final String RESOURCE = "plants.txt";
    /** Where a run of the tests writes down what it has seen, as the resource is to be. */
    private static final Path SEEN = Path.of("target", RESOURCE);

    /**
     * What is known of one plant.
     *
     * @param seeds at which it was noticed, some of them
     * @param noticed in how many seeds
     * @param of how many, from 1 on
     */
    record Sighting(List<Long> seeds, int noticed, int of) {
        Sighting {
            seeds = List.copyOf(seeds);
        }

        private static Sighting read(String[] words) {
            List<Long> seeds =
                    Arrays.stream(words[1].split(",")).map(Long::valueOf).toList();
            return new Sighting(seeds, Integer.parseInt(words[2]), Integer.parseInt(words[3]));
        }

        private String line(String plant) {
            return plant + " " + seeds.stream().map(String::valueOf).collect(Collectors.joining(",")) + " " + noticed
                    + " " + of;
        }
    }

    private final Map<String, Sighting> known;
    private final Map<String, Sighting> seen = new ConcurrentSkipListMap<>();

    private NoticedPlants(Map<String, Sighting> known) {
        this.known = known;
    }

    static NoticedPlants read() throws IOException {
        Map<String, Sighting> known = new TreeMap<>();
        try (InputStream in = NoticedPlants.class.getResourceAsStream(RESOURCE)) {
            String text = new String(in.readAllBytes(), StandardCharsets.UTF_8);
            text.lines()
                    .filter(line -> !line.startsWith("#"))
                    .map(line -> line.split(" "))
                    .forEach(words -> known.put(words[0], Sighting.read(words)));
        }
        return new NoticedPlants(known);
    }

    Optional<Sighting> known(String plant) {
        return Optional.ofNullable(known.get(plant));
    }

    void saw(String plant, Sighting sighting) {
        seen.put(plant, sighting);
    }

    void write() throws IOException {
        List<String> lines = new ArrayList<>();
        lines.add("# plant, seeds at which it is noticed, noticed in how many seeds of how many; PlantsTest writes "
                + SEEN);
        seen.forEach((plant, sighting) -> lines.add(sighting.line(plant)));
        Files.write(SEEN, lines);
    }
}

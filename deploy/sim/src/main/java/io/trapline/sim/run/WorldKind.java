package io.trapline.sim.run;

import java.util.List;
import java.util.Optional;

/**
 * A kind of world that seeds are run in.
 *
 * @param name in small letters
 * @param about what is in it, in a few words
 * @param steps how long a seed's run is with faults, where nobody says otherwise
 * @param sound as it is in production
 * @param planted with a bug each; no two of all kinds have the same name
 */
public record WorldKind(String name, String about, int steps, Variant sound, List<Variant> planted) {
    public WorldKind {
        planted = List.copyOf(planted);
    }

    /** With the plant of that name, or with none. */
    public Optional<Variant> variant(String plant) {
        return plant.equals(Variant.NONE)
                ? Optional.of(sound)
                : planted.stream()
                        .filter(variant -> variant.plant().equals(plant))
                        .findFirst();
    }
}

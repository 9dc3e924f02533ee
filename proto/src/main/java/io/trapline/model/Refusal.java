package io.trapline.model;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;

/**
 * A refusal as a value: the reason, one sentence for a person, and what lets that person act. Nothing has changed where one is
 * returned. Source: section E of the semantics.
 *
 * @param errno the reason
 * @param message one sentence that names the field and the value
 * @param metadata {@code field}, {@code value}, {@code limit}, {@code domid}, {@code id}, {@code holder}, {@code first_gfn} …
 */
public record Refusal(Errno errno, String message, Map<String, String> metadata) {
    public Refusal {
        Objects.requireNonNull(errno, "errno");
        Objects.requireNonNull(message, "message");
        metadata = Map.copyOf(metadata);
    }

    /** A refusal with no metadata yet. */
    public static Refusal of(Errno errno, String message) {
        return new Refusal(errno, message, Map.of());
    }

    /** {@code EINVAL} for one field. */
    public static Refusal invalid(String field, Object value, String why) {
        return of(Errno.EINVAL, field + " = " + value + ": " + why)
                .with("field", field)
                .with("value", value);
    }

    /** {@code EINVAL} (or another reason) for a field that breaks a limit of section L. */
    public static Refusal overLimit(Errno errno, String field, long value, Limit limit) {
        return of(errno, field + " = " + value + ": at most " + limit.value() + " " + limit.unit())
                .with("field", field)
                .with("value", value)
                .with("limit", limit.value())
                .with("limit_name", limit.key());
    }

    /** {@code ESRCH}. */
    public static Refusal noDomain(int domid) {
        String value = Integer.toUnsignedString(domid);
        return of(Errno.ESRCH, "domid = " + value + ": no such domain").with("domid", value);
    }

    /** {@code ESRCH}: the domain is there, under another generation. */
    public static Refusal otherDomainGeneration(int domid, long asked, long actual) {
        return of(Errno.ESRCH, "domain " + domid + " has generation " + actual + ", not " + asked)
                .with("domid", domid)
                .with("field", "domain_generation")
                .with("value", asked);
    }

    /** {@code ENOENT}. */
    public static Refusal noServer(int domid, int id) {
        String value = Integer.toUnsignedString(id);
        return of(Errno.ENOENT, "id = " + value + ": domain " + domid + " has no such IOREQ server")
                .with("domid", domid)
                .with("id", value);
    }

    /** The same with one more thing to act on. */
    public Refusal with(String key, Object value) {
        Map<String, String> more = new LinkedHashMap<>(metadata);
        more.put(key, String.valueOf(value));
        return new Refusal(errno, message, more);
    }
}

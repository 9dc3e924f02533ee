package io.trapline.cli;

import io.trapline.client.DomainRef;
import io.trapline.client.Drain;
import io.trapline.client.ServerRef;
import io.trapline.model.Domid;
import io.trapline.model.Gfn;
import io.trapline.model.Gpa;
import io.trapline.model.Ioservid;
import java.time.Duration;

/** What was typed, as the client library's words. Whatever they cannot hold is {@link BadInput} before anything is sent. */
final class Input {
    private Input() {}

    static DomainRef domain(int domid) throws BadInput {
        if (!Domid.isValid(domid)) {
            throw new BadInput("DOMID is " + domid + ", not " + Domid.MIN + " … " + Domid.MAX);
        }
        return DomainRef.of(domid);
    }

    static ServerRef server(int domid, int id) throws BadInput {
        if (!Ioservid.isValid(id)) {
            throw new BadInput("ID is " + id + ", not " + Ioservid.MIN + " … " + Ioservid.MAX);
        }
        return ServerRef.of(domain(domid), id);
    }

    static Gfn gfn(long value) throws BadInput {
        if (!Gfn.isValid(value)) {
            throw new BadInput("frame 0x" + Long.toHexString(value) + " is past 2^40");
        }
        return new Gfn(value);
    }

    static Gpa gpa(long value) throws BadInput {
        if (!Gpa.isValid(value)) {
            throw new BadInput("address 0x" + Long.toHexString(value) + " is past 2^52");
        }
        return new Gpa(value);
    }

    static int millis(String option, Duration duration) throws BadInput {
        long millis = duration.toMillis();
        if (millis > Integer.MAX_VALUE) {
            throw new BadInput(
                    option + " is " + DurationConverter.text(duration) + ", more than " + Integer.MAX_VALUE + "ms");
        }
        return (int) millis;
    }

    static Drain drain(Duration time, boolean noWait) throws BadInput {
        try {
            return new Drain(time, !noWait);
        } catch (IllegalArgumentException outOfRange) {
            throw new BadInput("--drain is " + DurationConverter.text(time) + ", not 0 … 60s");
        }
    }
}

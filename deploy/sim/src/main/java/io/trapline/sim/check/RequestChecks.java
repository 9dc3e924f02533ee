package io.trapline.sim.check;

import io.trapline.model.Errno;
import io.trapline.model.Refusal;
import io.trapline.node.protocol.FirstAnswer;
import io.trapline.node.protocol.RequestName;
import io.trapline.node.protocol.TypesTxn;
import java.util.Collection;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * V-14, section E: memory and type calls under request ids, as shards do them and as their callers are answered, who may ask again and at any node: each is carried
 * out once in each of its shards or nowhere, and whoever asks gets the answer that was given first.
 */
public final class RequestChecks {
    private record Key(long session, long number) {
        static Key of(RequestName name) {
            return new Key(name.session(), name.number());
        }
    }

    private static final class Request {
        /** The shards that have done it. */
        final Set<Integer> done = new TreeSet<>();

        /** Under which name its lowest shard keeps it for now. */
        @Nullable
        TypesTxn open;
        /** Its lowest shard keeps that it is refused. */
        boolean isRefused;

        @Nullable
        FirstAnswer answer;

        boolean isOver(int shard) {
            return isRefused || answer != null || done.contains(shard);
        }
    }

    private final Map<Key, Request> requests = new HashMap<>();
    private final Map<TypesTxn, RequestName> names = new HashMap<>();
    private long asked;
    private long askedAgain;
    private long answeredAgain;

    private Request request(RequestName name) {
        return requests.computeIfAbsent(Key.of(name), fresh -> new Request());
    }

    // ---- what shards do

    /** Whether a shard is to change anything when it is told that call now. */
    public boolean isNew(int shard, RequestName name) {
        return !request(name).isOver(shard);
    }

    /** A shard has done a call: its pages are as that wants them. */
    public void does(int shard, RequestName name) {
        request(name).done.add(shard);
    }

    /** A shard that was told a call has changed its pages. */
    public void changes(int shard, RequestName name) {
        Request request = request(name);
        if (request.isOver(shard)) {
            throw new Violation(
                    "V-14",
                    "shard %d carries request %d of session %d out, which %s have done and %s",
                    shard,
                    name.number(),
                    name.session(),
                    request.done,
                    request.isRefused ? "one keeps as refused" : "was answered " + text(request.answer));
        }
    }

    /** The lowest shard keeps a call over several for now, unless it knows what came of it. */
    public void keeps(int shard, TypesTxn id, RequestName name) {
        Request request = request(name);
        if (request.open == null && !request.isOver(shard)) {
            request.open = id;
            names.put(id, name);
        }
    }

    /** It does not keep it any more, and knows as its answer a refusal, or not. */
    public void drops(TypesTxn id, boolean isRefused) {
        RequestName name = names.get(id);
        if (name != null && id.equals(request(name).open)) {
            request(name).open = null;
            request(name).isRefused |= isRefused;
        }
    }

    /** It keeps a refusal as the answer, unless it has another, or will have. */
    public void refuses(int shard, RequestName name) {
        Request request = request(name);
        if (request.open == null && !request.isOver(shard)) {
            request.isRefused = true;
        }
    }

    /** Under which request id a call over several shards was asked for. */
    public Optional<RequestName> of(TypesTxn id) {
        return Optional.ofNullable(names.get(id));
    }

    // ---- what callers are told

    /** A caller asks, perhaps not for the first time. */
    public void asks(boolean again) {
        asked++;
        askedAgain += again ? 1 : 0;
    }

    /** A caller is answered, who touches those shards: EAGAIN is no answer, and who is not to ask any more may hear ESTALE. */
    public void answered(RequestName name, Collection<Integer> shards, Optional<Refusal> refusal) {
        Errno errno = refusal.map(Refusal::errno).orElse(null);
        if (errno == Errno.EAGAIN) {
            return;
        }
        Request request = request(name);
        FirstAnswer first = request.answer;
        if (first != null) {
            answeredAgain++;
            if (!first.refusal().equals(refusal) && errno != Errno.ESTALE) {
                throw new Violation(
                        "V-14",
                        "request %d of session %d is answered %s, and was %s",
                        name.number(),
                        name.session(),
                        text(new FirstAnswer(refusal)),
                        text(first));
            }
            return;
        }
        boolean isRight = refusal.isPresent() ? request.done.isEmpty() : request.done.containsAll(shards);
        if (!isRight) {
            throw new Violation(
                    "V-14",
                    "request %d of session %d is answered %s, and of its shards %s only %s have done it",
                    name.number(),
                    name.session(),
                    text(new FirstAnswer(refusal)),
                    shards,
                    request.done);
        }
        request.answer = new FirstAnswer(refusal);
    }

    private static String text(@Nullable FirstAnswer answer) {
        return answer == null
                ? "nothing"
                : answer.refusal().map(why -> why.errno() + " " + why.message()).orElse("done");
    }

    /** How many attempts there were. */
    public long attempts() {
        return asked;
    }

    /** How many of them were not the first of their call. */
    public long attemptsAgain() {
        return askedAgain;
    }

    /** How many callers were answered that had been before. */
    public long answersAgain() {
        return answeredAgain;
    }
}

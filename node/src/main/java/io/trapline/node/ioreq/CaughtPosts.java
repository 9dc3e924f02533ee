package io.trapline.node.ioreq;

import io.trapline.model.Pure;
import java.util.ArrayList;
import java.util.List;

/**
 * Posted writes of one vCPU that a change has caught: with the emulator, which perhaps takes them for too old (C4), or back at their shards, which have not
 * said yet where they go now (F5). They may come here again, and then before what their vCPU did later (F3), in whatever shard that was decided; and an
 * emulator that was passed them must know them still (F6). Until then it is passed nothing later, and no mark that passes them. That is over when the drain
 * is and the shard has decided, so that there are few, and for a short time.
 */
@Pure
final class CaughtPosts {
    private record Post(long epoch, long sequence) {
        boolean isBefore(long anEpoch, long aSequence) {
            return epoch != anEpoch ? epoch < anEpoch : sequence < aSequence;
        }
    }

    private final List<Post> posts = new ArrayList<>(0);

    void add(long epoch, long sequence) {
        Post post = new Post(epoch, sequence);
        if (!posts.contains(post)) {
            posts.add(post);
        }
    }

    void clear() {
        posts.clear();
    }

    /** It is done, here again, or goes elsewhere; false where nothing waited for that. */
    boolean remove(long epoch, long sequence) {
        return !posts.isEmpty() && posts.remove(new Post(epoch, sequence));
    }

    /** Whether one of them took effect before that access. */
    boolean hasBefore(long epoch, long sequence) {
        return !posts.isEmpty() && posts.stream().anyMatch(post -> post.isBefore(epoch, sequence));
    }

    /** The mark of that epoch, kept below all of them. */
    long below(long epoch, long through) {
        long most = through;
        for (Post post : posts) {
            if (post.isBefore(epoch, most + 1)) {
                most = post.epoch == epoch ? post.sequence - 1 : 0;
            }
        }
        return most;
    }
}

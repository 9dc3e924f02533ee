package io.trapline.node.ioreq;

import io.trapline.model.Pure;
import java.util.ArrayList;
import java.util.List;

/**
 * Posted writes of one vCPU that an emulator was passed and that went back to their shards, which have not said yet where they go now (F5). They may come here
 * again, and the emulator, which carried them out perhaps, must know them then (F6): until then it sees no mark and no newer epoch that passes
 * them. A shard decides them when their turn comes, so that there are few, and for a short time.
 */
@Pure
final class ReturnedPosts {
    private record Post(long epoch, long sequence) {}

    private final List<Post> posts = new ArrayList<>(0);

    void add(long epoch, long sequence) {
        posts.add(new Post(epoch, sequence));
    }

    /** It is here again, or goes elsewhere; false where nothing waited for that. */
    boolean remove(long epoch, long sequence) {
        return !posts.isEmpty() && posts.remove(new Post(epoch, sequence));
    }

    /** Whether one of an older epoch is among them. */
    boolean hasOlderThan(long epoch) {
        return !posts.isEmpty() && posts.stream().anyMatch(post -> post.epoch < epoch);
    }

    /** The mark of that epoch, kept below all of them. */
    long below(long epoch, long through) {
        if (posts.isEmpty()) {
            return through;
        }
        long most = hasOlderThan(epoch) ? 0 : through;
        for (Post post : posts) {
            most = post.epoch == epoch ? Math.min(most, post.sequence - 1) : most;
        }
        return most;
    }
}

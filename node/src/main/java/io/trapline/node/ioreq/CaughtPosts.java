package io.trapline.node.ioreq;

import io.trapline.model.Pure;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Posted writes of one vCPU that a change has caught: with the emulator, which perhaps takes them for too old (C4), or back at their shards, which have not
 * said yet where they go now (F5). They may come here again, and then before what their vCPU did later (F3), in whatever shard that was decided; and an
 * emulator that was passed them must know them still (F6). Until then it is passed nothing later, and no mark that passes them. That is over when the drain
 * is and the shard has decided, so that there are few, and for a short time.
 */
@Pure
final class CaughtPosts {
    private static final class Post {
        final long epoch;
        final long sequence;
        /** Where it is decided, and under which epoch of that shard it was given back last. */
        int shard;

        long toldEpoch;

        Post(long epoch, long sequence) {
            this.epoch = epoch;
            this.sequence = sequence;
        }

        boolean is(long anEpoch, long aSequence) {
            return epoch == anEpoch && sequence == aSequence;
        }

        boolean isBefore(long anEpoch, long aSequence) {
            return epoch != anEpoch ? epoch < anEpoch : sequence < aSequence;
        }
    }

    private final List<Post> posts = new ArrayList<>(0);

    /** @param shard decides it, under that epoch */
    void add(long epoch, long sequence, int shard, long shardEpoch) {
        Post post = find(epoch, sequence);
        if (post == null) {
            post = new Post(epoch, sequence);
            posts.add(post);
        }
        post.shard = shard;
        post.toldEpoch = shardEpoch;
    }

    private @Nullable Post find(long epoch, long sequence) {
        for (Post post : posts) {
            if (post.is(epoch, sequence)) {
                return post;
            }
        }
        return null;
    }

    /** The write is given back to whoever decides its shard under that epoch; false where it has been already. */
    boolean tell(long epoch, long sequence, long shardEpoch) {
        Post post = find(epoch, sequence);
        if (post == null) {
            return true;
        }
        boolean isNews = post.toldEpoch < shardEpoch;
        post.toldEpoch = Math.max(post.toldEpoch, shardEpoch);
        return isNews;
    }

    /** What was given back to that shard under an older epoch: whoever decides it now may not have said yet where it goes. */
    void forEachOlder(int shard, long shardEpoch, Sink sink) {
        for (Post post : posts) {
            if (post.shard == shard && post.toldEpoch < shardEpoch) {
                sink.post(post.epoch, post.sequence);
            }
        }
    }

    /** Takes a post. */
    interface Sink {
        void post(long epoch, long sequence);
    }

    void clear() {
        posts.clear();
    }

    /** It is done, here again, or goes elsewhere; false where nothing waited for that. */
    boolean remove(long epoch, long sequence) {
        return !posts.isEmpty() && posts.removeIf(post -> post.is(epoch, sequence));
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

package io.trapline.sim.check;

import io.trapline.model.AccessAttributes;
import io.trapline.node.p2m.DecisionTable;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.Iterator;
import java.util.List;
import java.util.function.Predicate;

/**
 * Posted writes that servers have given back (F5). The shard carries each out when its turn comes, and says nothing of those that go to a page; so the model
 * puts each into its page as soon as nothing before it lacks an outcome, and at the latest before its vCPU's next access (A3).
 */
final class ReturnedPosts {
    private static final Comparator<GuestAccess> IN_ORDER = Comparator.<GuestAccess>comparingInt(
                    post -> post.key.vcpu())
            .thenComparingLong(post -> post.key.epoch())
            .thenComparingLong(post -> post.key.sequence());

    private final PageModel pages;
    private final List<GuestAccess> waiting = new ArrayList<>();
    private DecisionTable table = DecisionTable.builder(0).build();

    ReturnedPosts(PageModel pages) {
        this.pages = pages;
    }

    void table(DecisionTable now) {
        table = now;
    }

    /** D1: whether anything is decided. */
    boolean mayDecide() {
        return table.state() == DecisionTable.State.RUNNING;
    }

    /** A posted write comes back; one that has stays where it is. */
    void add(GuestAccess post) {
        if (waiting.contains(post)) {
            return;
        }
        waiting.add(post);
        waiting.sort(IN_ORDER);
    }

    /** Whether this is one that came back and goes to a server now. */
    boolean isPassedOn(GuestAccess access, int server, long generation) {
        if (!waiting.remove(access)) {
            return false;
        }
        carryOutBefore(access);
        access.returns(server, generation);
        return true;
    }

    /** Whether one is on its way, back from where it does not go any more or to another server (A3). */
    boolean isUnderWay(GuestAccess post) {
        if (!post.isPosted() || waiting.contains(post)) {
            return false;
        }
        int decision = decision(post);
        boolean isThere = DecisionTable.isServer(decision) && DecisionTable.server(decision) == post.postedAt;
        return post.isMoving || !isThere;
    }

    /** The shard does something with an access: the posted writes before it were carried out. */
    void carryOutBefore(GuestAccess access) {
        for (Iterator<GuestAccess> posts = waiting.iterator(); posts.hasNext(); ) {
            GuestAccess post = posts.next();
            if (post.key.vcpu() == access.key.vcpu() && IN_ORDER.compare(post, access) < 0) {
                posts.remove();
                carryOut(post);
            }
        }
    }

    /** A step ends: what does not wait for something before it was carried out. Returns whether there was any. */
    boolean carryOutAll(Predicate<GuestAccess> waits) {
        boolean some = false;
        if (!mayDecide()) {
            return false;
        }
        for (Iterator<GuestAccess> posts = waiting.iterator(); posts.hasNext(); ) {
            GuestAccess post = posts.next();
            if (!DecisionTable.isServer(decision(post)) && !waits.test(post)) {
                posts.remove();
                carryOut(post);
                some = true;
            }
        }
        return some;
    }

    private void carryOut(GuestAccess post) {
        int decision = decision(post);
        if (DecisionTable.isServer(decision)) {
            throw new Violation("A3, F3", "something goes ahead of the posted %s, which came back", post);
        }
        post.notPosted();
        post.hasTakenEffect = true;
        if (decision == DecisionTable.MEMORY) {
            pages.write(post.attributes, post.address, post.sizeBytes(), 1, post.data);
        }
    }

    /** Whether a part of an access goes to a server now. */
    boolean isServers(GuestAccess access, long address, int sizeBytes) {
        int decision = table.decide(pages.typeOf(address), access.isWrite(), address, address + sizeBytes - 1);
        return DecisionTable.isServer(decision);
    }

    private int decision(GuestAccess post) {
        if (!post.isMem()) {
            return table.decideIo(AccessAttributes.kind(post.attributes), true, post.address, post.sizeBytes());
        }
        return table.decide(pages.typeOf(post.address), true, post.address, post.address + post.sizeBytes() - 1);
    }
}

package io.trapline.node.types;

import static io.trapline.node.fixture.Shards.PAGES;
import static io.trapline.node.fixture.Shards.await;
import static org.assertj.core.api.Assertions.assertThat;

import io.trapline.model.Errno;
import io.trapline.model.Gfn;
import io.trapline.model.MemType;
import io.trapline.model.Refusal;
import io.trapline.model.TypeRun;
import io.trapline.node.fixture.Shards;
import io.trapline.node.p2m.ShardMap;
import io.trapline.node.protocol.CallAnswer;
import io.trapline.node.protocol.ShardMessage;
import io.trapline.node.protocol.ShardRoute;
import io.trapline.node.registry.DomainCalls;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import org.apache.pekko.actor.testkit.typed.javadsl.ActorTestKit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Listing types over shards, page by page. */
final class TypeListingTest {
    private static final ActorTestKit KIT = ActorTestKit.create();
    private static final MemType[] TYPES = {MemType.RAM_RO, MemType.ioreqServer(1), MemType.MMIO_DM};

    @AfterAll
    static void shutDown() {
        KIT.shutdownTestKit();
    }

    @Test
    void neighboursOfOneTypeAreOneRunAcrossShardsAndHolesAreListed() {
        // T1
        Shards shards = Shards.small(KIT, 40);
        TypeListing.Page page = await(reply ->
                TypeListing.begin(shards.calls.begin(none -> {}), shards.map, shards.routes, 0, Gfn.MAX + 1, 2, reply));
        assertThat(page.runs())
                .containsExactly(
                        new TypeRun(0, 40 * PAGES, MemType.RAM_RW),
                        new TypeRun(40 * PAGES, Gfn.MAX + 1 - 40 * PAGES, MemType.HOLE));
        assertThat(page.nextGfn()).isZero();
    }

    @Test
    void aShardThatIsElsewhereEndsTheCall() {
        ShardMap map = new ShardMap(new long[] {0, PAGES});
        DomainCalls calls = new DomainCalls(1);
        List<Optional<Refusal>> answers = new ArrayList<>();
        Refusal elsewhere =
                Refusal.of(Errno.EAGAIN, "the shard is at another node").with("effect", "none");
        ShardRoute refuses = message -> {
            if (message instanceof ShardMessage.Call call) {
                calls.tell(new CallAnswer.Done(call.call(), 0, Optional.of(elsewhere)));
            }
        };

        TypeListing.begin(
                calls.begin(answers::add), map, List.of(refuses, refuses), 0, 2 * PAGES, 8, page -> answers.clear());

        assertThat(answers).containsExactly(Optional.of(elsewhere));
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3, 7, 4096})
    void pagesTogetherEqualTheModel(int maxRuns) {
        Random random = new Random(maxRuns);
        Shards shards = Shards.small(KIT, 20);
        MemType[] model = new MemType[(int) (20 * PAGES)];
        Arrays.fill(model, MemType.RAM_RW);
        for (int i = 0; i < 60; i++) {
            int shard = random.nextInt(20);
            int first = (int) (shard * PAGES) + random.nextInt((int) PAGES);
            int count = 1 + random.nextInt((int) Math.min(9, (shard + 1) * PAGES - first));
            MemType type = TYPES[random.nextInt(TYPES.length)];
            List<TypeRun> runs = List.of(new TypeRun(first, count, type));
            Optional<Refusal> refusal = shards.refusal(shard, call -> new ShardMessage.CheckTypes(call, runs));
            if (refusal.isEmpty()) {
                shards.ask(shard, call -> new ShardMessage.CommitTypes(call, runs));
                Arrays.fill(model, first, first + count, type);
            }
        }
        long from = 100;
        long count = 19 * PAGES;
        List<TypeRun> listed = new ArrayList<>();
        for (long next = from; next != 0; ) {
            long start = next;
            TypeListing.Page page = await(reply -> TypeListing.begin(
                    shards.calls.begin(none -> {}),
                    shards.map,
                    shards.routes,
                    start,
                    from + count - start,
                    maxRuns,
                    reply));
            assertThat(page.runs()).isNotEmpty().hasSizeLessThanOrEqualTo(maxRuns);
            listed.addAll(page.runs());
            next = page.nextGfn();
        }
        long expected = from;
        for (TypeRun run : listed) {
            assertThat(run.firstGfn()).isEqualTo(expected);
            for (long gfn = run.firstGfn(); gfn <= run.lastGfn(); gfn++) {
                assertThat(model[(int) gfn]).isEqualTo(run.type());
            }
            expected = run.lastGfn() + 1;
        }
        assertThat(expected).isEqualTo(from + count);
    }
}

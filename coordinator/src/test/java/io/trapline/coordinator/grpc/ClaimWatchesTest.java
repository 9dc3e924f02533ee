package io.trapline.coordinator.grpc;

import static org.assertj.core.api.Assertions.assertThat;

import io.grpc.stub.ServerCallStreamObserver;
import io.trapline.coordinator.lease.Views;
import io.trapline.coordinator.registry.Registry;
import io.trapline.coordinator.registry.RegistryView;
import io.trapline.model.Errno;
import io.trapline.model.Refusal;
import io.trapline.rpc.Statuses;
import io.trapline.v1.WatchClaimsRequest;
import io.trapline.v1.WatchClaimsResponse;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import org.apache.pekko.actor.testkit.typed.javadsl.ActorTestKit;
import org.apache.pekko.actor.typed.ActorRef;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

@DisplayName("C8: watches of claims over changes of leader")
final class ClaimWatchesTest {
    private final ActorTestKit kit = ActorTestKit.create();
    private final Registry registry = Registry.empty();
    private final ActorRef<ClaimWatches.Message> watches = kit.spawn(ClaimWatches.create(new Views() {
        @Override
        public <T> T read(Function<RegistryView, T> reader) {
            return reader.apply(registry.view());
        }
    }));

    @AfterEach
    void stop() {
        kit.shutdownTestKit();
    }

    /** What a watcher hears: the responses, then a throwable. */
    private static final class Stream extends ServerCallStreamObserver<WatchClaimsResponse> {
        private final BlockingQueue<Object> heard = new LinkedBlockingQueue<>();

        private Object next() throws InterruptedException {
            return heard.poll(60, TimeUnit.SECONDS);
        }

        @Override
        public void onNext(WatchClaimsResponse response) {
            heard.add(response);
        }

        @Override
        public void onError(Throwable why) {
            heard.add(why);
        }

        @Override
        public void onCompleted() {
            heard.add("completed");
        }

        @Override
        public boolean isReady() {
            return true;
        }

        @Override
        public boolean isCancelled() {
            return false;
        }

        @Override
        public void setOnCancelHandler(Runnable handler) {}

        @Override
        public void setOnReadyHandler(Runnable handler) {}

        @Override
        public void setCompression(String compression) {}

        @Override
        public void setMessageCompression(boolean enable) {}

        @Override
        public void disableAutoInboundFlowControl() {}

        @Override
        public void request(int count) {}
    }

    private Stream watch() {
        Stream stream = new Stream();
        watches.tell(new ClaimWatches.Watch(stream, WatchClaimsRequest.getDefaultInstance()));
        return stream;
    }

    @Test
    void takesNobodyOnceItLeadsNoLonger() throws Exception {
        // Its leadership was confirmed, and ended before the watch came here: it would miss what a snapshot brings.
        watches.tell(new ClaimWatches.Leading(true));
        Stream early = watch();
        assertThat(early.next()).isInstanceOf(WatchClaimsResponse.class);
        watches.tell(new ClaimWatches.Leading(false));
        assertThat(early.next()).isInstanceOf(Throwable.class);

        Stream late = watch();

        assertThat(Statuses.fromThrowable((Throwable) late.next()))
                .map(Refusal::errno)
                .contains(Errno.EAGAIN);
        watches.tell(new ClaimWatches.Leading(true));
        assertThat(watch().next()).isInstanceOf(WatchClaimsResponse.class);
    }
}

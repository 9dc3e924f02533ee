package io.trapline.metrics;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import io.trapline.server.BindAddress;
import io.trapline.server.ListenAddress;
import io.trapline.server.StartException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeoutException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** {@code GET /metrics} over HTTP, on a port of its own. One is answered at a time. */
public final class MetricsServer implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(MetricsServer.class);
    private static final String PATH = "/metrics";
    private static final int WAITING = 16;
    private static final int OK = 200;
    private static final int NOT_FOUND = 404;
    private static final int NOT_ALLOWED = 405;
    private static final int UNAVAILABLE = 503;
    private static final String TEXT = "text/plain; charset=utf-8";

    private final Metrics metrics;
    private final HttpServer server;
    private final ExecutorService thread;
    private final ListenAddress address;

    private MetricsServer(Metrics metrics, HttpServer server, ExecutorService thread, ListenAddress address) {
        this.metrics = metrics;
        this.server = server;
        this.thread = thread;
        this.address = address;
    }

    /** Serves from now on. As for other ports, a bind wider than loopback needs {@code insecure}. */
    public static MetricsServer start(ListenAddress listen, boolean insecure, Metrics metrics) throws StartException {
        HttpServer server;
        try {
            server = HttpServer.create(BindAddress.of(listen, insecure), WAITING);
        } catch (IOException failed) {
            throw new StartException("cannot listen on " + listen + " for metrics: " + failed.getMessage(), failed);
        }
        ExecutorService thread = Executors.newSingleThreadExecutor(
                Thread.ofPlatform().daemon().name("metrics").factory());
        MetricsServer started = new MetricsServer(
                metrics, server, thread, listen.withPort(server.getAddress().getPort()));
        server.setExecutor(thread);
        server.createContext("/", started::answer);
        server.start();
        return started;
    }

    /** Where it can be reached. */
    public ListenAddress address() {
        return address;
    }

    private void answer(HttpExchange exchange) throws IOException {
        try (exchange) {
            if (!exchange.getRequestURI().getPath().equals(PATH)) {
                say(exchange, NOT_FOUND, TEXT, "metrics are at " + PATH + "\n");
            } else if (!exchange.getRequestMethod().equals("GET")) {
                say(exchange, NOT_ALLOWED, TEXT, "GET only\n");
            } else {
                scrape(exchange);
            }
        }
    }

    private void scrape(HttpExchange exchange) throws IOException {
        String text;
        try {
            text = metrics.scrape();
        } catch (ExecutionException | TimeoutException unanswered) {
            LOG.warn("the process does not say what it does", unanswered);
            say(exchange, UNAVAILABLE, TEXT, "the process does not say what it does\n");
            return;
        } catch (InterruptedException closing) {
            Thread.currentThread().interrupt();
            return;
        }
        say(exchange, OK, "text/plain; version=0.0.4; charset=utf-8", text);
    }

    private static void say(HttpExchange exchange, int status, String type, String text) throws IOException {
        byte[] body = text.getBytes(StandardCharsets.UTF_8);
        exchange.getResponseHeaders().set("Content-Type", type);
        exchange.sendResponseHeaders(status, body.length);
        exchange.getResponseBody().write(body);
    }

    @Override
    public void close() {
        server.stop(0);
        thread.shutdownNow();
    }
}

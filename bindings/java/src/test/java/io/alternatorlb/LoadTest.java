package io.alternatorlb;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ConcurrentSkipListSet;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.IntConsumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import software.amazon.awssdk.http.async.SdkAsyncHttpClient;
import software.amazon.awssdk.http.nio.netty.NettyNioAsyncHttpClient;
import software.amazon.awssdk.services.dynamodb.DynamoDbAsyncClient;

/** Nodes die, hang and return under load, and no error reaches the program: 32 threads, and 500 requests in flight. */
class LoadTest {
    private static final int THREADS = 32;
    private static final int IN_FLIGHT = 500;
    /** Longer than a loaded machine takes to answer, and short enough for a hung node to be noticed. */
    private static final Duration ATTEMPT = Duration.ofSeconds(4);

    /** What happens to node 1 while requests flow, each step after some more requests. */
    private static void trouble(Cluster cluster, AtomicInteger done) {
        List<Runnable> steps =
                List.of(() -> cluster.kill(1), () -> cluster.restart(1), () -> cluster.stop(1), () -> cluster.cont(1));
        for (Runnable step : steps) {
            int before = done.get();
            Cluster.eventually("requests flow", () -> done.get() > before + 400);
            step.run();
        }
        int before = done.get();
        Cluster.eventually("requests flow at the end", () -> done.get() > before + 400);
    }

    /**
     * The core counts attempts by when they began, to within its clock's tick, so that a few may be forgotten later
     * than they end.
     */
    private static void assertFewAreInFlight(AlternatorLB lb) {
        Cluster.eventually(
                "few are left in flight",
                () -> lb.health().stream().mapToInt(NodeHealth::inFlight).sum() < IN_FLIGHT / 10);
    }

    private static AlternatorLB balancer(Cluster cluster) {
        return Kit.refreshed(Kit.on(cluster).build());
    }

    @ParameterizedTest
    @EnumSource(names = {"APACHE", "URL_CONNECTION"})
    void threadsSeeNoErrorWhileANodeDiesAndHangs(Kit.Http http) throws InterruptedException {
        try (Cluster cluster = new Cluster("--nodes", "3", "--auth", "enforce", "--gossip-delay-ms", "1000");
                AlternatorLB lb = balancer(cluster);
                Kit.Client client = http.client(lb, Kit.configuration(ATTEMPT))) {
            client.createTable("items");
            Queue<Throwable> failures = new ConcurrentLinkedQueue<>();
            AtomicInteger done = new AtomicInteger();
            AtomicBoolean enough = new AtomicBoolean();
            List<Thread> threads = new ArrayList<>();
            for (int number = 0; number < THREADS; number++) {
                String key = "thread" + number;
                Thread thread = new Thread(() -> {
                    for (int request = 0; !enough.get() && failures.isEmpty(); request++) {
                        try {
                            client.put("items", key, "value" + request);
                            assertEquals("value" + request, client.get("items", key));
                            done.addAndGet(2);
                        } catch (Throwable failure) {
                            failures.add(failure);
                        }
                    }
                });
                thread.start();
                threads.add(thread);
            }
            try {
                trouble(cluster, done);
            } finally {
                enough.set(true);
                for (Thread thread : threads) {
                    thread.join();
                }
            }
            assertEquals(List.of(), List.copyOf(failures));
            Cluster.eventually("the node is used again", () -> lb.health().stream()
                    .noneMatch(node -> node.state() == NodeHealth.State.SET_ASIDE));
            assertFewAreInFlight(lb);
        }
    }

    /** Keeps so many requests in flight until told otherwise. */
    private static void flood(
            DynamoDbAsyncClient client,
            Queue<Throwable> failures,
            AtomicBoolean enough,
            IntConsumer done,
            Runnable trouble)
            throws InterruptedException {
        Semaphore room = new Semaphore(IN_FLIGHT);
        Thread sender = new Thread(() -> {
            for (int request = 0; !enough.get() && failures.isEmpty(); request++) {
                room.acquireUninterruptibly();
                CompletableFuture<?> answer = request % 2 == 0
                        ? client.putItem(Kit.put("items", "key" + request % 100, "value"))
                        : client.getItem(Kit.get("items", "key" + request % 100));
                answer.whenComplete((result, failure) -> {
                    if (failure != null) {
                        failures.add(failure);
                    }
                    done.accept(1);
                    room.release();
                });
            }
        });
        sender.start();
        try {
            trouble.run();
        } finally {
            enough.set(true);
            sender.join();
            assertTrue(room.tryAcquire(IN_FLIGHT, 2, TimeUnit.MINUTES), "every request ends");
        }
    }

    @Test
    void futuresSeeNoErrorWhileANodeDiesAndHangs() throws InterruptedException {
        try (Cluster cluster = new Cluster("--nodes", "3", "--auth", "enforce", "--gossip-delay-ms", "1000");
                AlternatorLB lb = balancer(cluster);
                SdkAsyncHttpClient http = NettyNioAsyncHttpClient.builder()
                        .maxConcurrency(IN_FLIGHT)
                        .connectionAcquisitionTimeout(ATTEMPT)
                        .maxPendingConnectionAcquires(10_000)
                        .build();
                DynamoDbAsyncClient client = Kit.asyncClient(lb, http, Kit.configuration(ATTEMPT))) {
            client.createTable(Kit.table("items")).join();
            Queue<Throwable> failures = new ConcurrentLinkedQueue<>();
            AtomicInteger done = new AtomicInteger();
            flood(client, failures, new AtomicBoolean(), done::addAndGet, () -> trouble(cluster, done));
            assertEquals(List.of(), List.copyOf(failures));
            assertFewAreInFlight(lb);
        }
    }

    @Test
    void noEventLoopThreadDoesTheWorkOfDiscovery() throws InterruptedException {
        try (Cluster cluster = new Cluster("--nodes", "2");
                AlternatorLB lb = Kit.on(cluster)
                        .refreshEvery(Duration.ofMillis(100), Duration.ofSeconds(60))
                        .build();
                SdkAsyncHttpClient http = NettyNioAsyncHttpClient.builder()
                        .maxConcurrency(IN_FLIGHT)
                        .build();
                DynamoDbAsyncClient client = Kit.asyncClient(lb, http, Kit.configuration())) {
            client.createTable(Kit.table("items")).join();
            // Whoever asked a node for its list now would wait for seconds.
            cluster.fault(0, "{\"kind\":\"slow\",\"ms\":3000,\"path\":\"localnodes\"}");
            cluster.fault(1, "{\"kind\":\"slow\",\"ms\":3000,\"path\":\"localnodes\"}");
            Set<String> blocked = new ConcurrentSkipListSet<>();
            AtomicBoolean enough = new AtomicBoolean();
            AtomicInteger done = new AtomicInteger();
            Thread watcher = new Thread(() -> {
                while (!enough.get()) {
                    Thread.getAllStackTraces().forEach((thread, frames) -> {
                        for (StackTraceElement frame : frames) {
                            if (frame.getClassName().equals("io.alternatorlb.Native")
                                    && Set.of("refresh", "checkScope").contains(frame.getMethodName())) {
                                blocked.add(thread.getName());
                            }
                        }
                    });
                }
            });
            watcher.start();
            Queue<Throwable> failures = new ConcurrentLinkedQueue<>();
            flood(
                    client,
                    failures,
                    enough,
                    done::addAndGet,
                    () -> Cluster.eventually(
                            "requests flow and discovery is under way", () -> done.get() > 1000 && !blocked.isEmpty()));
            watcher.join();
            assertEquals(List.of(), List.copyOf(failures));
            assertEquals(Set.of(RefreshThread.NAME), blocked);
        }
    }
}

package io.alternatorlb;

import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.BooleanSupplier;
import software.amazon.awssdk.protocols.jsoncore.JsonNode;

/**
 * A thin client of the local test cluster: starts it, drives its control API, reads its counters. It ends with this
 * object or this process.
 */
final class Cluster implements AutoCloseable {
    private static final HttpClient HTTP =
            HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
    private static final AtomicInteger SUBNETS =
            new AtomicInteger((int) (ProcessHandle.current().pid() % 200));

    private final Process process;
    private final JsonNode start;

    Cluster(String... arguments) {
        try {
            process = start(arguments);
            JsonNode line = firstLine(process.getInputStream());
            if (line == null) {
                throw new IllegalStateException(
                        "altcluster ended with status " + process.waitFor() + ": see its stderr");
            }
            start = line;
        } catch (IOException | InterruptedException error) {
            throw new IllegalStateException(error);
        }
    }

    static Path root() {
        return Path.of(System.getProperty("alternator.root", "../.."))
                .toAbsolutePath()
                .normalize();
    }

    /** Three octets of 127/8 that no other cluster of this process has. */
    static String subnet() {
        int number = SUBNETS.getAndIncrement();
        return "127." + (71 + number / 250 % 9) + "." + (1 + number % 250);
    }

    private static Process start(String... arguments) throws IOException {
        String named = System.getenv("ALTCLUSTER");
        Path binary = named == null ? root().resolve("target/release/altcluster") : Path.of(named);
        List<String> command = new ArrayList<>(List.of(binary.toString()));
        command.addAll(List.of(arguments));
        if (!command.contains("--subnet")) {
            command.addAll(List.of("--subnet", subnet()));
        }
        return new ProcessBuilder(command)
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start();
    }

    private static JsonNode firstLine(InputStream output) throws IOException {
        StringBuilder line = new StringBuilder();
        for (int character = output.read(); character != '\n'; character = output.read()) {
            if (character < 0) {
                return null;
            }
            line.append((char) character);
        }
        return JsonNode.parser().parse(line.toString());
    }

    @Override
    public void close() {
        process.destroy();
        try {
            process.waitFor();
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    String text(String member) {
        return start.field(member)
                .map(node -> node.isNull() ? null : node.text())
                .orElse(null);
    }

    int port() {
        return Integer.parseInt(start.field("port").orElseThrow().asNumber());
    }

    List<String> addresses() {
        return nodes("address");
    }

    List<String> urls() {
        return nodes("url");
    }

    private List<String> nodes(String member) {
        List<String> found = new ArrayList<>();
        start.field("nodes")
                .orElseThrow()
                .asArray()
                .forEach(node -> found.add(node.field(member).orElseThrow().asString()));
        return found;
    }

    JsonNode call(String method, String path, String body) {
        HttpRequest.BodyPublisher content =
                body == null ? HttpRequest.BodyPublishers.noBody() : HttpRequest.BodyPublishers.ofString(body);
        HttpRequest request = HttpRequest.newBuilder(URI.create(text("control") + path))
                .method(method, content)
                .timeout(Duration.ofSeconds(60))
                .build();
        try {
            HttpResponse<String> answer = HTTP.send(request, HttpResponse.BodyHandlers.ofString());
            if (answer.statusCode() >= 300) {
                throw new IllegalStateException(method + " " + path + ": " + answer.statusCode() + " " + answer.body());
            }
            return answer.body().isEmpty() ? null : JsonNode.parser().parse(answer.body());
        } catch (IOException | InterruptedException error) {
            throw new IllegalStateException(error);
        }
    }

    void kill(int index) {
        call("POST", "/nodes/" + index + "/kill", null);
    }

    void stop(int index) {
        call("POST", "/nodes/" + index + "/stop", null);
    }

    void cont(int index) {
        call("POST", "/nodes/" + index + "/cont", null);
    }

    void restart(int index) {
        call("POST", "/nodes/" + index + "/restart", null);
    }

    void fault(int index, String json) {
        call("POST", "/nodes/" + index + "/faults", json);
    }

    void heal(int index) {
        call("DELETE", "/nodes/" + index + "/faults", null);
    }

    void resetCounters() {
        call("POST", "/counters/reset", null);
    }

    JsonNode counters() {
        return call("GET", "/counters", null);
    }

    /** API requests by node index. */
    List<Integer> requests() {
        List<Integer> found = new ArrayList<>();
        counters()
                .field("nodes")
                .orElseThrow()
                .asArray()
                .forEach(node -> found.add(
                        Integer.parseInt(node.field("requests").orElseThrow().asNumber())));
        return found;
    }

    /** What the nodes have seen of one operation, node by node; those that have seen none are left out. */
    List<JsonNode> operation(String name) {
        List<JsonNode> found = new ArrayList<>();
        counters().field("nodes").orElseThrow().asArray().forEach(node -> node.field("operations")
                .orElseThrow()
                .field(name)
                .ifPresent(found::add));
        return found;
    }

    /** The attempts that reached nodes, by call: the index of the node of each, by the attempt's number. */
    Map<String, Map<Integer, Integer>> attempts(String operation) {
        Map<String, Map<Integer, Integer>> found = new TreeMap<>();
        counters().field("attempts").orElseThrow().asObject().forEach((call, attempts) -> attempts.asArray()
                .forEach(attempt -> {
                    if (attempt.field("operation").orElseThrow().asString().equals(operation)) {
                        found.computeIfAbsent(call, key -> new TreeMap<>())
                                .put(
                                        Integer.parseInt(attempt.field("attempt")
                                                .orElseThrow()
                                                .asNumber()),
                                        Integer.parseInt(attempt.field("node")
                                                .orElseThrow()
                                                .asNumber()));
                    }
                }));
        return found;
    }

    /** The nodes that the writes of each partition key of a table went to. */
    Map<String, Set<Integer>> coordinators(String table) {
        Map<String, Set<Integer>> found = new TreeMap<>();
        counters().field("writes").orElseThrow().field(table).ifPresent(keys -> keys.asObject()
                .forEach((key, nodes) -> nodes.asObject().keySet().forEach(node -> found.computeIfAbsent(
                                key, any -> new TreeSet<>())
                        .add(Integer.valueOf(node)))));
        return found;
    }

    /** Polls until the condition holds; fails when it never does. */
    static void eventually(String what, BooleanSupplier condition) {
        long deadline = System.nanoTime() + Duration.ofSeconds(60).toNanos();
        while (!condition.getAsBoolean()) {
            if (System.nanoTime() - deadline > 0) {
                throw new AssertionError("not so within a minute: " + what);
            }
            try {
                Thread.sleep(10);
            } catch (InterruptedException interrupted) {
                Thread.currentThread().interrupt();
                throw new AssertionError(interrupted);
            }
        }
    }
}

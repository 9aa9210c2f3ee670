package io.alternatorlb;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.IntFunction;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import software.amazon.awssdk.core.SdkBytes;
import software.amazon.awssdk.protocols.jsoncore.JsonNode;
import software.amazon.awssdk.services.dynamodb.model.AttributeValue;
import software.amazon.awssdk.services.dynamodb.model.BatchWriteItemRequest;
import software.amazon.awssdk.services.dynamodb.model.PutItemRequest;
import software.amazon.awssdk.services.dynamodb.model.WriteRequest;

/**
 * The vectors of the official clients and the server's tokens (tests/vectors, whose README says what each proves),
 * through JNI.
 */
class VectorsTest {
    /** A bound for draws whose 63 bits are stated, so that many of them count. */
    private static final int BOUND_FOR_RAW_DRAWS = 4079;

    private static final JsonNode CLIENTS = read("official_clients.json");
    private static final JsonNode TOKENS = read("tokens.json").field("rows").orElseThrow();
    private static final JsonNode KEYS =
            read("keys_for_seeds.json").field("keys").orElseThrow();
    private static final JsonNode BY_IP =
            CLIENTS.field("derived_disagreement_ip_prefix").orElseThrow();
    private static final JsonNode BY_PORT =
            CLIENTS.field("derived_disagreement_default_port").orElseThrow();

    private static JsonNode read(String name) {
        try {
            return JsonNode.parser()
                    .parse(Files.readString(
                            Cluster.root().resolve("tests/vectors").resolve(name)));
        } catch (IOException error) {
            throw new IllegalStateException(error);
        }
    }

    /** A key's type and value. */
    private record Key(int type, byte[] value) {
        static Key string(String text) {
            return new Key(Core.KEY_S, text.getBytes(StandardCharsets.UTF_8));
        }

        /** The key whose hash is this. */
        static Key ofSeed(String seed) {
            return new Key(Core.KEY_B, HexFormat.of().parseHex(text(KEYS, seed)));
        }

        static Key typed(String type, JsonNode value, String digits) {
            if (type.equals("B")) {
                return new Key(Core.KEY_B, HexFormat.of().parseHex(digits));
            }
            return new Key(
                    type.equals("S") ? Core.KEY_S : Core.KEY_N, value.asString().getBytes(StandardCharsets.UTF_8));
        }
    }

    private static String text(JsonNode row, String member) {
        JsonNode value = row.field(member).orElseThrow(() -> new AssertionError(member));
        return value.isNumber() ? value.asNumber() : value.asString();
    }

    private static int number(JsonNode row, String member) {
        return Integer.parseInt(text(row, member));
    }

    private static List<String> texts(JsonNode row, String member) {
        return row.field(member).orElseThrow(() -> new AssertionError(member)).asArray().stream()
                .map(value -> value.isNumber() ? value.asNumber() : value.asString())
                .toList();
    }

    private static List<JsonNode> rows(JsonNode node, String member) {
        return node.field(member).orElseThrow(() -> new AssertionError(member)).asArray();
    }

    private static String url(String host, int port) {
        return "http://" + host + ":" + port;
    }

    private static AlternatorLBBuilder over(List<String> nodes) {
        return AlternatorLB.builder().seeds(nodes).option("discovery", "static").refresh(RefreshMode.MANUAL);
    }

    private static List<String> steps(AlternatorLB lb, long[] plan, int count) {
        return IntStream.range(0, count)
                .mapToObj(step -> lb.core().planNext(plan).toString())
                .toList();
    }

    private static List<String> plan(AlternatorLB lb, Key key, int count) {
        return steps(lb, lb.core().planForKey(key.type, key.value), count);
    }

    private static String node(AlternatorLB lb, Key key) {
        return lb.core().nodeForKey(key.type, key.value).toString();
    }

    /** A server that answers with any list, also one that is too long for a configuration; and what it was asked. */
    private static final class ListServer implements AutoCloseable {
        private final HttpServer server;
        private volatile String answer = "[]";
        private final List<String> queries = new CopyOnWriteArrayList<>();

        ListServer() {
            try {
                server = HttpServer.create(new InetSocketAddress("127.79.250.1", 0), 0);
            } catch (IOException error) {
                throw new IllegalStateException(error);
            }
            server.createContext("/localnodes", exchange -> {
                byte[] body = answer.getBytes(StandardCharsets.UTF_8);
                queries.add(exchange.getRequestURI().getRawQuery());
                exchange.sendResponseHeaders(200, body.length);
                exchange.getResponseBody().write(body);
                exchange.close();
            });
            server.start();
        }

        AlternatorLB balancer(String scope, int port, String list) {
            answer = list;
            AlternatorLB lb = AlternatorLB.builder()
                    .seeds("127.79.250.1:" + server.getAddress().getPort())
                    .port(port)
                    .scope(scope)
                    .refresh(RefreshMode.MANUAL)
                    .build();
            try {
                lb.refresh(Kit.PATIENCE);
            } catch (AlternatorException nobody) {
                // What was asked is seen all the same.
                return lb;
            }
            return lb;
        }

        /** Over n0000, n0001, ... */
        AlternatorLB numbered(int count) {
            AlternatorLB lb = balancer(
                    "dc:one",
                    8000,
                    IntStream.range(0, count)
                            .mapToObj(place -> String.format("\"n%04d\"", place))
                            .collect(Collectors.joining(",", "[", "]")));
            assertEquals(count, lb.nodes().size());
            return lb;
        }

        @Override
        public void close() {
            server.stop(0);
        }
    }

    @Test
    void rawPlansAreTheOfficialOnes() {
        List<JsonNode> all = new ArrayList<>(rows(CLIENTS, "raw_plan_insertion_order"));
        JsonNode small = CLIENTS.field("go_order_small").orElseThrow();
        all.add(small);
        for (JsonNode row : all) {
            List<String> order = texts(row, "input_order");
            // Named so that the sorted order is that of insertion.
            IntFunction<String> name = place -> String.format("n%02d", place);
            try (AlternatorLB lb = over(IntStream.range(0, order.size())
                            .mapToObj(name)
                            .toList())
                    .build()) {
                List<String> first = texts(row, row == small ? "expect" : "first").stream()
                        .map(node -> url(name.apply(order.indexOf(node)), 8000))
                        .toList();
                assertEquals(first, plan(lb, Key.ofSeed(text(row, "seed")), first.size()));
            }
        }
    }

    @Test
    void plansOverSortedNodesAreTheOfficialOnes() {
        for (JsonNode row : rows(CLIENTS, "affinity_plan_sorted")) {
            List<String> hosts = texts(row, "node_hosts");
            int port = number(row, "port");
            String scheme = text(row, "scheme");
            try (AlternatorLB lb = over(hosts).port(port).scheme(scheme).build()) {
                List<String> wanted = texts(row, "first_short_names").stream()
                        .map(name -> scheme + "://"
                                + hosts.stream()
                                        .filter(host -> host.startsWith(name + "."))
                                        .findFirst()
                                        .orElseThrow() + ":" + port)
                        .toList();
                assertEquals(wanted, plan(lb, Key.ofSeed(text(row, "seed")), wanted.size()));
            }
        }
    }

    @Test
    void theNodeForAKeyIsTheOfficialFirstOne() {
        for (JsonNode row : rows(CLIENTS, "first_node_with_seed")) {
            try (AlternatorLB lb =
                    over(texts(row, "node_hosts")).port(number(row, "port")).build()) {
                assertEquals(url(text(row, "first"), number(row, "port")), node(lb, Key.ofSeed(text(row, "seed"))));
            }
        }
    }

    @Test
    void plansForKeysAreCanonicalForEveryNumberOfNodes() {
        for (JsonNode row : rows(CLIENTS.field("derived_canonical_plans").orElseThrow(), "rows")) {
            List<String> nodes = new ArrayList<>(IntStream.range(0, number(row, "n"))
                    .mapToObj(place -> "10.0." + place / 6 + "." + (place % 6 + 1))
                    .toList());
            Collections.reverse(nodes);
            try (AlternatorLB lb = over(nodes).build()) {
                List<String> wanted = texts(row, "plan_first8");
                Key key = Key.string(text(row, "key_S"));
                assertEquals(wanted, plan(lb, key, wanted.size()));
                assertEquals(wanted.get(0), node(lb, key));
            }
        }
    }

    private static List<Integer> draws(JsonNode row, int bound) {
        return row.field("intn")
                .orElseThrow()
                .field(Integer.toString(bound))
                .map(stated -> stated.asArray().stream()
                        .map(draw -> Integer.valueOf(draw.asNumber()))
                        .toList())
                .orElseGet(() -> texts(row, "int63").stream()
                        .map(draw -> (int) ((Long.parseLong(draw) >> 32) % bound))
                        .toList());
    }

    static Stream<Integer> bounds() {
        List<JsonNode> streams =
                CLIENTS.field("derived_go_math_rand").orElseThrow().asArray();
        return Stream.concat(
                streams.get(0).field("intn").orElseThrow().asObject().keySet().stream()
                        .map(Integer::valueOf),
                Stream.of(BOUND_FOR_RAW_DRAWS));
    }

    @ParameterizedTest
    @MethodSource("bounds")
    void plansDrawTheNumbersOfGo(int bound) {
        List<JsonNode> streams =
                CLIENTS.field("derived_go_math_rand").orElseThrow().asArray();
        try (ListServer server = new ListServer()) {
            for (int draw = 0; draw < draws(streams.get(0), bound).size(); draw++) {
                // Each step has one node less to draw from.
                try (AlternatorLB lb = server.numbered(bound + draw)) {
                    for (JsonNode row : streams) {
                        List<String> taken = plan(lb, Key.ofSeed(text(row, "seed")), draw + 1);
                        List<String> left = new ArrayList<>(
                                lb.nodes().stream().map(Node::toString).toList());
                        for (String node : taken.subList(0, draw)) {
                            int place = left.indexOf(node);
                            left.set(place, left.get(left.size() - 1));
                            left.remove(left.size() - 1);
                        }
                        assertEquals(left.get(draws(row, bound).get(draw)), taken.get(draw), () -> text(row, "seed"));
                    }
                }
            }
        }
    }

    private static void assertHash(AlternatorLB lb, Key key, String hash) {
        assertEquals(plan(lb, Key.ofSeed(hash), 100), plan(lb, key, 100));
    }

    @Test
    void aKeyAndTheKeyForItsHashHaveTheSamePlan() {
        try (ListServer server = new ListServer();
                AlternatorLB lb = server.numbered(100)) {
            for (JsonNode row : rows(CLIENTS, "attribute_value_hash")) {
                Key key = Key.typed(
                        text(row, "type"),
                        row.field("value").orElse(null),
                        row.field("value_hex").map(JsonNode::asString).orElse(null));
                assertHash(lb, key, text(row, "hash_signed"));
            }
            Stream.concat(
                            rows(CLIENTS.field("derived_canonical_plans").orElseThrow(), "rows").stream(),
                            rows(BY_IP, "rows").stream())
                    .forEach(row -> assertHash(lb, Key.string(text(row, "key_S")), text(row, "hash")));
            for (JsonNode row : rows(CLIENTS, "derived_go_batch_seed")) {
                List<String> keys = texts(row, "keys_S");
                List<String> hashes = texts(row, "hashes");
                for (int place = 0; place < keys.size(); place++) {
                    assertHash(lb, Key.string(keys.get(place)), hashes.get(place));
                }
            }
        }
    }

    @Test
    void tokensAreThoseOfTheServer() {
        for (JsonNode row : TOKENS.asArray()) {
            Key key = Key.typed(
                    text(row, "type"),
                    row.field("wire").orElse(null),
                    row.field("key_bytes_hex")
                            .map(node -> node.isNull() ? null : node.asString())
                            .orElse(null));
            assertEquals(Long.parseLong(text(row, "token")), Core.token(key.type, key.value), row::toString);
        }
    }

    static Stream<Object[]> orders() {
        return Stream.of(
                new Object[] {BY_IP, "order_go_java_cpp_rust_csharp", "url"},
                new Object[] {BY_IP, "order_go_java_cpp_rust_csharp", "url_no_default_port"},
                new Object[] {BY_IP, "order_python_2_0_1", "host"},
                new Object[] {BY_IP, "order_js_localeCompare_node20", "host"},
                new Object[] {BY_PORT, "order_go_java_cpp", "url"},
                new Object[] {BY_PORT, "order_rust_csharp(default port elided)", "url_no_default_port"});
    }

    @ParameterizedTest
    @MethodSource("orders")
    void nodesAreSortedAsByTheClientThatTheOptionNames(JsonNode members, String member, String order) {
        int port = number(members, "port");
        List<String> wanted =
                texts(members, member).stream().map(host -> url(host, port)).toList();
        List<Key> keys = IntStream.range(0, 200)
                .mapToObj(number -> Key.string("user_" + number))
                .toList();
        // The node that a key chooses is a place in the sorted list, the same in every list of that length.
        try (ListServer server = new ListServer();
                AlternatorLB places = server.numbered(wanted.size());
                AlternatorLB lb = over(texts(BY_IP, "nodes"))
                        .port(port)
                        .option("affinity.order", order)
                        .build()) {
            List<String> numbered = places.nodes().stream().map(Node::toString).toList();
            List<Integer> chosen = keys.stream()
                    .map(key -> numbered.indexOf(node(places, key)))
                    .toList();
            assertEquals(wanted.size(), Set.copyOf(chosen).size());
            assertEquals(
                    chosen.stream().map(wanted::get).toList(),
                    keys.stream().map(key -> node(lb, key)).toList());
        }
    }

    @Test
    void theFirstNodeIsThatOfTheClientThatTheOptionNames() {
        int port = number(BY_IP, "port");
        try (AlternatorLB byUrl = over(texts(BY_IP, "nodes"))
                        .port(port)
                        .option("affinity.order", "url")
                        .build();
                AlternatorLB byHost = over(texts(BY_IP, "nodes"))
                        .port(port)
                        .option("affinity.order", "host")
                        .build()) {
            for (JsonNode row : rows(BY_IP, "rows")) {
                assertEquals(
                        url(text(row, "go_java_cpp_rust_csharp_first"), port),
                        node(byUrl, Key.string(text(row, "key_S"))));
                assertEquals(url(text(row, "python_js_first"), port), node(byHost, Key.string(text(row, "key_S"))));
            }
            long differing = IntStream.range(0, 1000)
                    .mapToObj(number -> Key.string("user_" + number))
                    .filter(key -> !node(byUrl, key).equals(node(byHost, key)))
                    .count();
            assertEquals(number(BY_IP, "keys_user_0_to_999_with_different_first_node"), differing);
        }
    }

    /** The row that has this member. */
    private static JsonNode localnodes(String member) {
        return rows(CLIENTS, "localnodes_vectors").stream()
                .filter(row -> row.field(member).isPresent())
                .findFirst()
                .orElseThrow();
    }

    @Test
    void namesInAnAnswerBecomeNodesAndAnEntryWithAPortDoesNot() {
        JsonNode names = localnodes("expect_hosts");
        JsonNode withPort = localnodes("port");
        try (ListServer server = new ListServer()) {
            try (AlternatorLB lb = server.balancer("dc:one", 8000, text(names, "body"))) {
                assertEquals(
                        texts(names, "expect_hosts").stream()
                                .map(host -> url(host, 8000))
                                .toList(),
                        lb.nodes().stream().map(Node::toString).toList());
            }
            try (AlternatorLB lb = server.balancer("dc:one", number(withPort, "port"), text(withPort, "body"))) {
                assertEquals(
                        List.of(url("node-b.internal", number(withPort, "port"))),
                        lb.nodes().stream().map(Node::toString).toList());
            }
        }
    }

    @Test
    void scopesArePercentEncodedInTheQuery() {
        JsonNode row = localnodes("scope");
        JsonNode scope = row.field("scope").orElseThrow();
        RoutingScope rack = RackScope.of(text(scope, "dc"), text(scope, "rack"), null);
        try (ListServer server = new ListServer();
                AlternatorLB lb = server.balancer(rack.chain(), 8000, "[\"127.79.250.1\"]")) {
            assertEquals(text(row, "query_java"), server.queries.get(0));
            assertEquals(1, lb.nodes().size());
        }
    }

    @Test
    void aMissingKeyAndNumbersOfOtherTypesAreRefused() {
        try (AlternatorLB lb = over(List.of("n0", "n1", "n2")).build()) {
            assertTrue(plan(lb, new Key(Core.KEY_S, new byte[0]), 3).size() == 3);
            for (int type : new int[] {0, 4, 5, 15, -1, Integer.MAX_VALUE}) {
                Key wrong = new Key(type, new byte[] {'1'});
                assertEquals(
                        "ALB_ERR_INVALID_ARGUMENT",
                        assertThrows(AlternatorException.class, () -> node(lb, wrong))
                                .code());
                assertThrows(AlternatorException.class, () -> plan(lb, wrong, 1));
                assertThrows(AlternatorException.class, () -> Core.token(type, wrong.value));
            }
            assertThrows(AlternatorException.class, () -> node(lb, new Key(Core.KEY_S, null)));
        }
    }

    private static AlternatorLB byKey(List<String> nodes) {
        return over(nodes)
                .affinity(Affinity.ANY_WRITE)
                .tableKey("t", "pk")
                .policy(Policy.ROUND_ROBIN)
                .build();
    }

    /** The plan of a batch with an item for each of the voters, whose key is placed there. */
    private static List<String> batchPlan(List<String> nodes, List<String> voters) {
        try (AlternatorLB lb = byKey(nodes)) {
            List<WriteRequest> writes = new ArrayList<>();
            int number = 0;
            for (String voter : voters) {
                while (!node(lb, Key.string("k" + number)).equals(voter)) {
                    number++;
                }
                Map<String, AttributeValue> item =
                        Map.of("pk", AttributeValue.fromS("k" + number++), "other", AttributeValue.fromN("1"));
                writes.add(
                        WriteRequest.builder().putRequest(put -> put.item(item)).build());
            }
            BatchWriteItemRequest batch = BatchWriteItemRequest.builder()
                    .requestItems(Map.of("t", writes))
                    .build();
            return steps(lb, new KeyPlans(lb.core()).of(batch).orElseThrow(), nodes.size());
        }
    }

    @Test
    void keysOfABatchVoteForTheNodesThatComeFirst() {
        for (JsonNode row : rows(CLIENTS, "preferred_plans")) {
            List<String> nodes = texts(row, "nodes");
            List<String> preferred = new ArrayList<>(texts(row, "preferred").stream()
                    .map(name -> inFull(nodes, name))
                    .toList());
            List<String> wanted = texts(row, "expect_short").stream()
                    .map(name -> inFull(nodes, name))
                    .toList();
            // As many votes each: the order of URLs decides, not that of the items.
            List<String> reversed = new ArrayList<>(preferred);
            Collections.reverse(reversed);
            assertEquals(wanted, batchPlan(nodes, reversed));
            // More votes come before the order of URLs, which the reverse contradicts.
            List<String> votes = new ArrayList<>();
            for (int place = 0; place < reversed.size(); place++) {
                votes.addAll(Collections.nCopies(reversed.size() - place, reversed.get(place)));
            }
            Collections.reverse(votes);
            List<String> expected = new ArrayList<>(reversed);
            expected.addAll(wanted.subList(reversed.size(), wanted.size()));
            assertEquals(expected, batchPlan(nodes, votes));
        }
    }

    private static String inFull(List<String> nodes, String name) {
        return url(
                nodes.stream()
                        .filter(node -> (node + ".").startsWith(name + "."))
                        .findFirst()
                        .orElseThrow(),
                8000);
    }

    @Test
    void valuesOfTypesThatNoKeyCanHaveAreRoutedWithoutOne() {
        Map<String, AttributeValue> others = Map.of(
                "BOOL",
                AttributeValue.fromBool(true),
                "NULL",
                AttributeValue.fromNul(true),
                "SS",
                AttributeValue.fromSs(List.of("1")),
                "NS",
                AttributeValue.fromNs(List.of("1")),
                "BS",
                AttributeValue.fromBs(List.of(SdkBytes.fromUtf8String("1"))),
                "L",
                AttributeValue.fromL(List.of(AttributeValue.fromS("1"))),
                "M",
                AttributeValue.fromM(Map.of("S", AttributeValue.fromS("1"))));
        List<String> nodes =
                IntStream.range(0, 5).mapToObj(number -> "n" + number).toList();
        try (AlternatorLB lb = byKey(nodes)) {
            assertEquals(1, used(lb, AttributeValue.fromS("1")).size());
            for (String type :
                    texts(CLIENTS.field("attribute_value_unsupported").orElseThrow(), "types")) {
                assertEquals(5, used(lb, others.get(type)).size(), type);
            }
        }
    }

    private static Set<String> used(AlternatorLB lb, AttributeValue key) {
        KeyPlans plans = new KeyPlans(lb.core());
        PutItemRequest put =
                PutItemRequest.builder().tableName("t").item(Map.of("pk", key)).build();
        return IntStream.range(0, 5)
                .mapToObj(
                        time -> lb.core().planNext(plans.of(put).orElseThrow()).toString())
                .collect(Collectors.toCollection(TreeSet::new));
    }
}

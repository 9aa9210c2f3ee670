package io.alternatorlb;

import java.nio.charset.StandardCharsets;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;

/** What a choice costs, beside a native call that does nothing. */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
public class PickBench {
    /** How many nodes the list has. */
    @Param({"3", "100"})
    public int nodes;

    private AlternatorLB lb;
    private byte[] key;

    /** Makes a balancer over a list that never changes. */
    @Setup
    public void open() {
        lb = AlternatorLB.builder()
                .seeds(IntStream.range(0, nodes)
                        .mapToObj(node -> "10.0.0." + (1 + node))
                        .collect(Collectors.toList()))
                .option("discovery", "static")
                .refresh(RefreshMode.MANUAL)
                .build();
        key = "user_12345".getBytes(StandardCharsets.UTF_8);
    }

    /** Ends it. */
    @TearDown
    public void close() {
        lb.close();
    }

    /** The floor: a call through JNI. */
    @Benchmark
    public int emptyNativeCall() {
        return Native.abiVersion();
    }

    /** The node of a request. */
    @Benchmark
    public Node pick() {
        return lb.next();
    }

    /** The node of a request, and its report. */
    @Benchmark
    public Node pickAndReport() {
        Node node = lb.next();
        lb.core().report(node, Outcome.SUCCESS, 1000);
        return node;
    }

    /** A plan with its first node. */
    @Benchmark
    public Node plan() {
        return lb.core().planNext(lb.core().planStart());
    }

    /** The node of a partition key. */
    @Benchmark
    public Node nodeForKey() {
        return lb.core().nodeForKey(Core.KEY_S, key);
    }
}

package io.alternatorlb;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.File;
import java.io.IOException;
import java.lang.ref.WeakReference;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Modifier;
import java.net.MalformedURLException;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Where the native part is found, how it is unpacked, several class loaders, and the end of a handle under use. */
class LibraryTest {
    @TempDir
    private Path directory;

    /**
     * A program on the class path of the tests, in a JVM of its own. Its standard output and error, then its exit
     * status.
     */
    private static List<String> run(List<String> options, String... arguments)
            throws IOException, InterruptedException {
        List<String> command = new ArrayList<>(
                List.of(Path.of(System.getProperty("java.home"), "bin", "java").toString()));
        if (Runtime.version().feature() >= 24) {
            // JEP 472: what README.md tells programs to say, or the JVM's warning is part of the output.
            command.add("--enable-native-access=ALL-UNNAMED");
        }
        command.addAll(options);
        command.addAll(List.of(
                "-cp",
                System.getProperty("surefire.test.class.path", System.getProperty("java.class.path")),
                Program.class.getName()));
        command.addAll(List.of(arguments));
        Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
        String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        return List.of(output, Integer.toString(process.waitFor()));
    }

    /** Makes a balancer and says where the native part came from. */
    static final class Program {
        private Program() {}

        public static void main(String[] arguments) throws IOException {
            try (AlternatorLB lb = AlternatorLB.builder()
                    .seeds("127.0.0.1")
                    .refresh(RefreshMode.MANUAL)
                    .build()) {
                lb.next();
                try (Stream<String> maps = Files.lines(Path.of("/proc/self/maps"))) {
                    maps.filter(line -> line.contains("alternator_lb_jni"))
                            .map(line -> line.substring(line.indexOf('/')))
                            .distinct()
                            .forEach(System.out::println);
                }
            }
        }
    }

    private static Path bundled() {
        return Path.of(
                        "../../build/java/native-root/native",
                        NativeLibrary.platform(System.getProperty("os.name"), System.getProperty("os.arch")),
                        System.mapLibraryName("alternator_lb_jni"))
                .toAbsolutePath()
                .normalize();
    }

    @Test
    void itIsUnpackedOnceIntoAPrivateDirectory() throws Exception {
        List<String> options = List.of("-Djava.io.tmpdir=" + directory);
        List<String> first = run(options);
        assertEquals("0", first.get(1), first.get(0));
        Path unpacked = Path.of(first.get(0).strip());
        assertEquals(directory.resolve("alternator-lb-" + System.getProperty("user.name")), unpacked.getParent());
        assertEquals("rwx------", PosixFilePermissions.toString(Files.getPosixFilePermissions(unpacked.getParent())));
        assertArrayEquals(Files.readAllBytes(bundled()), Files.readAllBytes(unpacked));
        Object stamp = Files.getLastModifiedTime(unpacked);
        assertEquals(first, run(options));
        assertEquals(stamp, Files.getLastModifiedTime(unpacked));
        // Whoever could change the file could run what he likes: content that does not fit the name is replaced.
        Files.write(unpacked, new byte[] {1, 2, 3});
        assertEquals(first, run(options));
        assertArrayEquals(Files.readAllBytes(bundled()), Files.readAllBytes(unpacked));
    }

    @Test
    void aDirectoryThatOthersCanWriteIsNotUsed() throws IOException {
        Path usual = NativeLibrary.privateDirectory(directory, "somebody");
        assertEquals(usual, NativeLibrary.privateDirectory(directory, "somebody"));
        Files.setPosixFilePermissions(usual, PosixFilePermissions.fromString("rwxrwxrwx"));
        assertNotEquals(usual, NativeLibrary.privateDirectory(directory, "somebody"));
        Path link = directory.resolve("alternator-lb-other");
        Files.createSymbolicLink(link, usual);
        assertNotEquals(link, NativeLibrary.privateDirectory(directory, "other"));
    }

    @Test
    void aFileThatIsNamedIsTakenInstead() throws Exception {
        Path copy = Files.copy(bundled(), directory.resolve("libalternator_lb_jni_named.so"));
        List<String> byProperty = run(List.of("-D" + NativeLibrary.PROPERTY + "=" + copy));
        assertEquals(List.of(copy.toString(), "0"), List.of(byProperty.get(0).strip(), byProperty.get(1)));
    }

    @Test
    void aFileThatIsNotOursIsNamedInTheError() throws Exception {
        Path text = Files.writeString(directory.resolve("text.so"), "no library");
        List<String> wrong = run(List.of("-D" + NativeLibrary.PROPERTY + "=" + text));
        assertEquals("1", wrong.get(1));
        assertTrue(
                wrong.get(0).contains("the native part of alternator-lb could not be loaded from " + text),
                wrong.get(0));
    }

    @Test
    void aPlatformWithoutANativePartIsNamedInTheError() throws Exception {
        List<String> unknown = run(List.of("-Dos.arch=riscv64"));
        assertEquals("1", unknown.get(1));
        assertTrue(unknown.get(0).contains("alternator-lb has no native part for linux-riscv64"), unknown.get(0));
        List<String> byPath = run(
                List.of("-Dos.arch=riscv64", "-Djava.library.path=" + bundled().getParent()));
        assertEquals(List.of(bundled().toString(), "0"), List.of(byPath.get(0).strip(), byPath.get(1)));
    }

    @Test
    void platformsHaveTheNamesOfTheirFolders() {
        assertEquals("linux-x86_64", NativeLibrary.platform("Linux", "amd64"));
        assertEquals("linux-aarch64", NativeLibrary.platform("Linux", "aarch64"));
        assertEquals("macos-aarch64", NativeLibrary.platform("Mac OS X", "aarch64"));
    }

    /** Another class loader with classes of its own, as an application server has one for each program. */
    private static URLClassLoader another() throws MalformedURLException {
        List<URL> places = new ArrayList<>();
        for (String place : System.getProperty("surefire.test.class.path", System.getProperty("java.class.path"))
                .split(File.pathSeparator)) {
            places.add(Path.of(place).toUri().toURL());
        }
        return new URLClassLoader(places.toArray(new URL[0]), ClassLoader.getPlatformClassLoader());
    }

    private static WeakReference<ClassLoader> useOnce() throws Exception {
        try (URLClassLoader loader = another()) {
            Object builder = loader.loadClass(AlternatorLB.class.getName())
                    .getMethod("builder")
                    .invoke(null);
            builder.getClass().getMethod("seeds", String[].class).invoke(builder, (Object)
                    new String[] {"127.71.250.1"});
            Object lb = builder.getClass().getMethod("build").invoke(builder);
            assertNotEquals(AlternatorLB.class, lb.getClass());
            assertEquals(
                    "http://127.71.250.1:8000",
                    lb.getClass().getMethod("next").invoke(lb).toString());
            lb.getClass().getMethod("close").invoke(lb);
            return new WeakReference<>(loader);
        }
    }

    private static long refreshThreads() {
        return Thread.getAllStackTraces().keySet().stream()
                .filter(thread -> thread.getName().equals(RefreshThread.NAME))
                .count();
    }

    @Test
    void severalClassLoadersHaveItEachAndLeaveNothingBehind() throws Exception {
        try (AlternatorLB ours = AlternatorLB.builder().seeds("127.71.250.2").build()) {
            List<WeakReference<ClassLoader>> loaders = List.of(useOnce(), useOnce());
            ours.next();
            Cluster.eventually("the threads of closed balancers have ended", () -> refreshThreads() == 1);
            Cluster.eventually("the class loaders are collected", () -> {
                System.gc();
                return loaders.stream().allMatch(loader -> loader.get() == null);
            });
        }
        Cluster.eventually("the last thread has ended", () -> refreshThreads() == 0);
    }

    @Test
    void oneThreadRefreshesAllBalancers() {
        List<AlternatorLB> balancers = new ArrayList<>();
        for (int number = 0; number < 5; number++) {
            balancers.add(
                    AlternatorLB.builder().seeds("127.71.251." + (1 + number)).build());
        }
        assertEquals(1, refreshThreads());
        balancers.forEach(AlternatorLB::close);
        Cluster.eventually("the thread has ended", () -> refreshThreads() == 0);
    }

    @Test
    void closingWhileOthersUseItNeverCrashes() throws InterruptedException {
        for (int time = 0; time < 50; time++) {
            AlternatorLB lb = AlternatorLB.builder()
                    .seeds("127.71.252.1", "127.71.252.2")
                    .refresh(RefreshMode.MANUAL)
                    .build();
            AtomicInteger refused = new AtomicInteger();
            AtomicInteger used = new AtomicInteger();
            List<Thread> users = new ArrayList<>();
            for (int number = 0; number < 8; number++) {
                Thread user = new Thread(() -> {
                    try {
                        while (true) {
                            lb.core().report(lb.next(), Outcome.SUCCESS, 1);
                            lb.statistics();
                            used.incrementAndGet();
                        }
                    } catch (IllegalStateException closed) {
                        refused.incrementAndGet();
                    }
                });
                user.start();
                users.add(user);
            }
            Cluster.eventually("it is used", () -> used.get() > 100);
            lb.close();
            for (Thread user : users) {
                user.join();
            }
            assertEquals(8, refused.get());
        }
    }

    @Test
    void aHandleIsFreedByWhoeverLeavesLast() {
        AtomicInteger freed = new AtomicInteger();
        InFlight inFlight = new InFlight(freed::incrementAndGet);
        int first = inFlight.enter();
        int second = inFlight.enter();
        assertTrue(inFlight.close());
        assertEquals(false, inFlight.close());
        assertEquals(-1, inFlight.enter());
        inFlight.exit(first);
        assertEquals(0, freed.get());
        inFlight.exit(second);
        assertEquals(1, freed.get());
        inFlight.close();
        assertEquals(1, freed.get());
    }

    @Test
    void everyNativeMethodIsThere() throws ReflectiveOperationException {
        NativeLibrary.load();
        for (var method : Native.class.getDeclaredMethods()) {
            if (Modifier.isNative(method.getModifiers())) {
                // Nulls and zeroes are refused or taken for nothing, and crash nothing; arrays that are written to are
                // needed.
                Object[] arguments = Arrays.stream(method.getParameterTypes())
                        .map(LibraryTest::nothing)
                        .toArray();
                try {
                    method.invoke(null, arguments);
                } catch (InvocationTargetException error) {
                    throw new AssertionError(method + " " + error.getCause(), error);
                }
            }
        }
    }

    private static Object nothing(Class<?> type) {
        if (type == long[].class) {
            return new long[Native.PLAN_WORDS];
        }
        if (type == byte[].class) {
            return new byte[Native.ERROR_BYTES];
        }
        if (type == byte[][].class) {
            return new byte[0][];
        }
        return type == int[].class ? new int[1] : type == long.class ? (Object) 0L : (Object) 0;
    }

    @Test
    void wrongOptionsAreNamed() {
        for (AlternatorLBBuilder wrong : List.of(
                AlternatorLB.builder(),
                AlternatorLB.builder().seeds("a").option("no.such", "1"),
                AlternatorLB.builder().seeds("a").port(0),
                AlternatorLB.builder().seeds("a").scheme("ftp"),
                AlternatorLB.builder().seeds("a").rack("r"),
                AlternatorLB.builder().seeds("a").scope("dc:x").datacenter("y"),
                AlternatorLB.builder().seeds("a").compression("zip"))) {
            IllegalArgumentException error = assertThrows(IllegalArgumentException.class, wrong::build);
            assertTrue(error.getMessage().length() > 20, error::getMessage);
        }
    }

    @Test
    void theVersionIsThatOfTheCoreAndOfTheProject() throws IOException {
        assertEquals(AlternatorLB.VERSION, Core.version());
        assertTrue(Files.readString(Path.of("pom.xml")).contains("<version>" + AlternatorLB.VERSION + "</version>"));
    }

    @Test
    void outcomesAndKeyTypesAreTheHeaders() throws IOException {
        String header = Files.readString(Path.of("../../include/alternator_lb.h"));
        for (String line : List.of(
                "ALB_OUTCOME_SUCCESS " + Outcome.SUCCESS,
                "ALB_OUTCOME_CALLER_FAULT " + Outcome.CALLER_FAULT,
                "ALB_OUTCOME_THROTTLED " + Outcome.THROTTLED,
                "ALB_OUTCOME_SERVER_ERROR " + Outcome.SERVER_ERROR,
                "ALB_OUTCOME_REFUSED " + Outcome.REFUSED,
                "ALB_OUTCOME_RESET " + Outcome.RESET,
                "ALB_OUTCOME_TIMEOUT " + Outcome.TIMEOUT,
                "ALB_OUTCOME_TLS_FAILURE " + Outcome.TLS_FAILURE,
                "ALB_OUTCOME_CANCELLED " + Outcome.CANCELLED,
                "ALB_KEY_ABSENT " + Core.KEY_ABSENT,
                "ALB_KEY_S " + Core.KEY_S,
                "ALB_KEY_N " + Core.KEY_N,
                "ALB_KEY_B " + Core.KEY_B,
                "ALB_ABI_VERSION " + Native.ABI_VERSION,
                "ALB_WIRE_CONTENT_ENCODING " + Core.CONTENT_ENCODING,
                "ALB_WIRE_ACCEPT_ENCODING " + Core.ACCEPT_ENCODING,
                "ALB_WIRE_KEPT_HEADERS " + Core.KEPT_HEADERS)) {
            assertTrue(header.contains("#define " + line + "\n"), line);
        }
    }
}

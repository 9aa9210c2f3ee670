package io.alternatorlb;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.tools.ToolProvider;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Every program in README.md compiles and runs, against a cluster in the place of the one that it names. */
class ReadmeTest {
    private static final String SUBNET = "127.79.26";
    private static final Pattern PROGRAM = Pattern.compile("```java\n(.*?)```", Pattern.DOTALL);
    private static final String IMPORTS = String.join(
            "\n",
            List.of(
                    "import io.alternatorlb.*;",
                    "import java.net.URI;",
                    "import java.util.Map;",
                    "import software.amazon.awssdk.auth.credentials.*;",
                    "import software.amazon.awssdk.http.async.SdkAsyncHttpClient;",
                    "import software.amazon.awssdk.http.nio.netty.NettyNioAsyncHttpClient;",
                    "import software.amazon.awssdk.regions.Region;",
                    "import software.amazon.awssdk.services.dynamodb.*;",
                    "import software.amazon.awssdk.services.dynamodb.model.*;",
                    ""));
    private static final List<List<String>> PRINTED = List.of(
            List.of("text=AttributeValue(S=hello)", ".11:8000"),
            List.of("[greetings]"),
            List.of("[greetings]"),
            List.of("Optional[id]"));

    @TempDir
    private Path directory;

    @Test
    void everyProgramRuns() throws IOException, InterruptedException {
        String subnet = Cluster.subnet();
        List<String> programs = new ArrayList<>();
        Matcher blocks = PROGRAM.matcher(Files.readString(Path.of("README.md")).replace(SUBNET, subnet));
        while (blocks.find()) {
            programs.add(blocks.group(1));
        }
        assertEquals(PRINTED.size(), programs.size());
        try (Cluster cluster = new Cluster("--nodes", "3", "--subnet", subnet)) {
            assertEquals(3, cluster.addresses().size());
            for (int number = 0; number < programs.size(); number++) {
                String printed = run("Program" + number, programs.get(number));
                for (String text : PRINTED.get(number)) {
                    assertTrue(printed.contains(text), printed);
                }
            }
        }
    }

    private String run(String name, String body) throws IOException, InterruptedException {
        Path source = Files.writeString(
                directory.resolve(name + ".java"),
                IMPORTS + "public class " + name + " { public static void main(String[] none) throws Exception {\n"
                        + body + "} }\n");
        String classPath = System.getProperty("surefire.test.class.path", System.getProperty("java.class.path"));
        assertEquals(
                0,
                ToolProvider.getSystemJavaCompiler()
                        .run(null, null, null, "-cp", classPath, "-d", directory.toString(), source.toString()));
        Process process = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-cp",
                        classPath + File.pathSeparator + directory,
                        name)
                .redirectErrorStream(true)
                .start();
        String printed = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertEquals(0, process.waitFor(), printed);
        return printed;
    }
}

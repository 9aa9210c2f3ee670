package io.alternatorlb;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Arrays;
import java.util.Locale;

/**
 * Finds and loads the native part, once for each class loader: where the system property {@code alternator.lb.library}
 * or the environment variable ALTERNATOR_LB_JNI_LIBRARY says, else from the jar, else from java.library.path. What
 * failed is said again by each attempt.
 *
 * <p>A copy from the jar lies in a directory that belongs to this user alone, under a name made of its content, and is
 * used by all processes. A JVM loads one file for one class loader only, so a second class loader gets a copy of its
 * own.
 */
final class NativeLibrary {
    static final String PROPERTY = "alternator.lb.library";
    static final String VARIABLE = "ALTERNATOR_LB_JNI_LIBRARY";
    private static final String NAME = "alternator_lb_jni";

    private static boolean loaded;

    private NativeLibrary() {}

    static synchronized void load() {
        if (loaded) {
            return;
        }
        try {
            String origin = find();
            check(origin);
            loaded = true;
        } catch (IOException error) {
            throw new UncheckedLinkError(
                    "the native part of alternator-lb could not be copied out of its jar: " + error, error);
        }
    }

    /** Loads the library and tells from where. */
    private static String find() throws IOException {
        for (String named : new String[] {System.getProperty(PROPERTY), System.getenv(VARIABLE)}) {
            if (named != null && !named.isEmpty()) {
                return loadFile(Path.of(named).toAbsolutePath());
            }
        }
        String platform = platform(System.getProperty("os.name"), System.getProperty("os.arch"));
        String file = System.mapLibraryName(NAME);
        try (InputStream bundled = NativeLibrary.class.getResourceAsStream("/native/" + platform + "/" + file)) {
            if (bundled != null) {
                return loadBundled(bundled.readAllBytes(), file);
            }
        }
        try {
            System.loadLibrary(NAME);
            return "java.library.path";
        } catch (UnsatisfiedLinkError error) {
            throw new UncheckedLinkError(
                    "alternator-lb has no native part for " + platform + ": the jar holds none under native/"
                            + platform + "/, and java.library.path has no " + file
                            + ". Build it with scripts/build_native.sh and name it by -D"
                            + PROPERTY + "=FILE or the environment variable " + VARIABLE,
                    error);
        }
    }

    private static String loadFile(Path file) {
        try {
            System.load(file.toString());
        } catch (UnsatisfiedLinkError error) {
            throw new UncheckedLinkError(
                    "the native part of alternator-lb could not be loaded from " + file + ": " + error.getMessage(),
                    error);
        }
        return file.toString();
    }

    private static String loadBundled(byte[] content, String file) throws IOException {
        Path shared = extract(privateDirectory(), content, file);
        try {
            System.load(shared.toString());
            return shared.toString();
        } catch (UnsatisfiedLinkError error) {
            if (!String.valueOf(error.getMessage()).contains("already loaded in another classloader")) {
                throw new UncheckedLinkError(
                        "the native part of alternator-lb could not be loaded from " + shared + ": "
                                + error.getMessage()
                                + " (is that file system mounted noexec? java.io.tmpdir names another one)",
                        error);
            }
        }
        Path own = Files.createTempFile(shared.getParent(), "loader-", file);
        try {
            Files.write(own, content);
            return loadFile(own);
        } finally {
            // Where a file in use can't be removed it stays until the directory is cleaned.
            own.toFile().delete();
        }
    }

    /** The file's copy, made in one step, so that a process that comes at the same time sees all of it or nothing. */
    static Path extract(Path directory, byte[] content, String file) throws IOException {
        Path target = directory.resolve(hash(content) + "-" + file);
        if (Files.isRegularFile(target, LinkOption.NOFOLLOW_LINKS)
                && Arrays.equals(Files.readAllBytes(target), content)) {
            return target;
        }
        Path fresh = Files.createTempFile(directory, "new-", file);
        Files.write(fresh, content);
        return Files.move(fresh, target, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    }

    private static Path privateDirectory() throws IOException {
        String user = System.getProperty("user.name").replaceAll("[^A-Za-z0-9_.-]", "_");
        return privateDirectory(Path.of(System.getProperty("java.io.tmpdir")), user);
    }

    /**
     * A directory that nobody else can have put something into; another one if that of the usual name is not like that.
     */
    static Path privateDirectory(Path parent, String user) throws IOException {
        Path usual = parent.resolve("alternator-lb-" + user);
        boolean posix = Files.getFileStore(parent).supportsFileAttributeView("posix");
        try {
            if (posix) {
                Files.createDirectory(
                        usual, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
            } else {
                Files.createDirectory(usual);
            }
            return usual;
        } catch (FileAlreadyExistsException exists) {
            return isPrivate(usual, posix) ? usual : Files.createTempDirectory(parent, "alternator-lb-");
        }
    }

    private static boolean isPrivate(Path directory, boolean posix) throws IOException {
        if (!Files.isDirectory(directory, LinkOption.NOFOLLOW_LINKS)) {
            return false;
        }
        if (!posix) {
            return true;
        }
        Path probe = Files.createTempFile("alternator-lb-", ".owner");
        try {
            return Files.getOwner(directory).equals(Files.getOwner(probe))
                    && PosixFilePermissions.toString(Files.getPosixFilePermissions(directory))
                            .equals("rwx------");
        } finally {
            Files.delete(probe);
        }
    }

    private static String hash(byte[] content) {
        try {
            StringBuilder text = new StringBuilder();
            for (byte part : Arrays.copyOf(MessageDigest.getInstance("SHA-256").digest(content), 12)) {
                text.append(String.format("%02x", part));
            }
            return text.toString();
        } catch (NoSuchAlgorithmException impossible) {
            throw new IllegalStateException("every Java platform has SHA-256", impossible);
        }
    }

    /** The folder of a platform in the jar. */
    static String platform(String system, String machine) {
        String os = system.toLowerCase(Locale.ROOT);
        String architecture = machine.toLowerCase(Locale.ROOT);
        return (os.startsWith("mac") ? "macos" : os.replace(' ', '_')) + "-"
                + (architecture.equals("amd64") ? "x86_64" : architecture.equals("arm64") ? "aarch64" : architecture);
    }

    private static void check(String origin) {
        int version;
        try {
            version = Native.abiVersion();
        } catch (UnsatisfiedLinkError error) {
            throw new UncheckedLinkError(
                    origin + " is not the native part of alternator-lb: " + error.getMessage(), error);
        }
        if (version != Native.ABI_VERSION) {
            throw new UncheckedLinkError(
                    "the native part of alternator-lb at " + origin + " has version " + version
                            + " of the ABI, and version " + Native.ABI_VERSION + " is needed",
                    null);
        }
    }

    /** One sentence that says what is missing, with what the JVM had to say of it. */
    private static final class UncheckedLinkError extends UnsatisfiedLinkError {
        private static final long serialVersionUID = 1L;

        UncheckedLinkError(String message, Throwable cause) {
            super(message);
            initCause(cause);
        }
    }
}

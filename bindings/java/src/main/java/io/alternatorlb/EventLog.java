package io.alternatorlb;

import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Writes what happened (docs/STATISTICS.md) to the log: what went wrong as warnings, what did not work at all as
 * errors, the rest as information.
 */
final class EventLog {
    private static final Logger LOG = LoggerFactory.getLogger(AlternatorLB.LOGGER);
    private static final Pattern KIND = Pattern.compile("\"kind\":\"([a-z_]+)\"");

    private final Core core;
    private final long[] cursor = new long[1];

    EventLog(Core core) {
        this.core = core;
    }

    synchronized void drain() {
        for (Optional<String> event = core.nextEvent(cursor); event.isPresent(); event = core.nextEvent(cursor)) {
            write(event.get());
        }
    }

    private static void write(String event) {
        Matcher kind = KIND.matcher(event);
        switch (kind.find() ? kind.group(1) : "") {
            case "refresh_failed":
            case "thread_failed":
                LOG.error("{}", event);
                break;
            case "ask_failed":
            case "entries_skipped":
            case "fell_back":
            case "node_set_aside":
            case "table_key_failed":
                LOG.warn("{}", event);
                break;
            default:
                LOG.info("{}", event);
        }
    }
}

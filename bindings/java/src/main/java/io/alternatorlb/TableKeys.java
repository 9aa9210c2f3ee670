package io.alternatorlb;

import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletionException;
import java.util.concurrent.Executor;
import java.util.concurrent.atomic.AtomicLong;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import software.amazon.awssdk.awscore.exception.AwsServiceException;
import software.amazon.awssdk.core.SdkResponse;
import software.amazon.awssdk.services.dynamodb.DynamoDbAsyncClient;
import software.amazon.awssdk.services.dynamodb.DynamoDbClient;
import software.amazon.awssdk.services.dynamodb.model.CreateTableResponse;
import software.amazon.awssdk.services.dynamodb.model.DescribeTableRequest;
import software.amazon.awssdk.services.dynamodb.model.DescribeTableResponse;
import software.amazon.awssdk.services.dynamodb.model.KeySchemaElement;
import software.amazon.awssdk.services.dynamodb.model.KeyType;
import software.amazon.awssdk.services.dynamodb.model.TableDescription;

/**
 * Brings the core the partition keys of tables: from answers that pass by, and by DescribeTable requests where it wants
 * one. Those are made with a client of the program's, which has the credentials, behind a write that wanted the key and
 * never in front of one; with a synchronous client on an executor. The core gives out each table once, and says when to
 * ask again.
 */
final class TableKeys {
    /** Between two looks at what the core wants; without it each write would make a further native call. */
    private static final long LOOK_EVERY_NANOS = 100_000_000;

    private static final Duration ATTEMPT = Duration.ofSeconds(1);
    private static final Logger LOG = LoggerFactory.getLogger(AlternatorLB.LOGGER);

    private final Core core;
    private final Executor executor;
    private final AtomicLong nextLook = new AtomicLong(System.nanoTime());
    private volatile Describer describer;

    /** One look at a table; its answer passes by {@link #after}. */
    private interface Describer {
        void describe(String table);
    }

    TableKeys(Core core, Executor executor) {
        this.core = core;
        this.executor = executor;
    }

    void describeBy(DynamoDbClient client) {
        describer = table -> executor.execute(() -> {
            try {
                client.describeTable(request(table));
            } catch (RuntimeException failure) {
                failed(table, failure);
            }
        });
    }

    void describeBy(DynamoDbAsyncClient client) {
        describer = table -> client.describeTable(request(table)).whenComplete((answer, failure) -> {
            if (failure != null) {
                failed(table, failure instanceof CompletionException ? failure.getCause() : failure);
            }
        });
    }

    private static DescribeTableRequest request(String table) {
        return DescribeTableRequest.builder()
                .tableName(table)
                .overrideConfiguration(
                        limits -> limits.apiCallAttemptTimeout(ATTEMPT).apiCallTimeout(ATTEMPT.multipliedBy(3)))
                .build();
    }

    /** Looks at what a call that went well tells, and at what it left to be told. */
    void after(Call call, SdkResponse answer) {
        if (answer instanceof DescribeTableResponse) {
            learn(((DescribeTableResponse) answer).table());
        } else if (answer instanceof CreateTableResponse) {
            learn(((CreateTableResponse) answer).tableDescription());
        } else if (call.isByKey()) {
            look();
        }
    }

    private void learn(TableDescription table) {
        if (table == null || core.isClosed()) {
            return;
        }
        List<KeySchemaElement> schema = table.keySchema();
        Optional<String> key = schema.stream()
                .filter(element -> element.keyType() == KeyType.HASH)
                .map(KeySchemaElement::attributeName)
                .findFirst();
        if (table.tableName() != null && key.isPresent()) {
            try {
                core.setTableKey(table.tableName(), key.get());
            } catch (RuntimeException refused) {
                LOG.debug("the partition key of table {} is not taken: {}", table.tableName(), refused.getMessage());
            }
        }
    }

    private void look() {
        long now = System.nanoTime();
        long due = nextLook.get();
        Describer by = describer;
        if (by == null || now - due < 0 || !nextLook.compareAndSet(due, now + LOOK_EVERY_NANOS)) {
            return;
        }
        for (Optional<String> table = core.nextWantedTable(); table.isPresent(); table = core.nextWantedTable()) {
            by.describe(table.get());
        }
    }

    private void failed(String table, Throwable failure) {
        LOG.debug("the partition key of table {} could not be learned: {}", table, failure.toString());
        int status = 0;
        String code = "";
        if (failure instanceof AwsServiceException) {
            AwsServiceException answer = (AwsServiceException) failure;
            status = answer.statusCode();
            code = answer.awsErrorDetails() == null
                    ? ""
                    : answer.awsErrorDetails().errorCode();
        }
        core.tableKeyFailed(table, status, code);
    }
}

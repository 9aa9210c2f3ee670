package io.alternatorlb;

import java.util.Map;
import java.util.Optional;
import software.amazon.awssdk.core.SdkRequest;
import software.amazon.awssdk.services.dynamodb.model.AttributeAction;
import software.amazon.awssdk.services.dynamodb.model.AttributeValue;
import software.amazon.awssdk.services.dynamodb.model.AttributeValueUpdate;
import software.amazon.awssdk.services.dynamodb.model.BatchWriteItemRequest;
import software.amazon.awssdk.services.dynamodb.model.DeleteItemRequest;
import software.amazon.awssdk.services.dynamodb.model.ExpectedAttributeValue;
import software.amazon.awssdk.services.dynamodb.model.PutItemRequest;
import software.amazon.awssdk.services.dynamodb.model.ReturnValue;
import software.amazon.awssdk.services.dynamodb.model.UpdateItemRequest;
import software.amazon.awssdk.services.dynamodb.model.WriteRequest;

/**
 * Tells the core what a typed request says of its partition key and of reads before the write; which go by their key is
 * the core's decision.
 */
final class KeyPlans {
    private static final int CONDITION_EXPRESSION = 1;
    private static final int EXPECTED = 2;
    private static final int EXPECTED_MEMBERS = 4;
    private static final int RETURN_ALL_OLD = 8;
    private static final int RETURN_UPDATED_OLD = 16;
    private static final int RETURN_ALL_NEW = 32;
    private static final int ATTRIBUTE_UPDATES_ADD = 64;
    private static final int ATTRIBUTE_UPDATES_DELETE_VALUE = 128;

    private final Core core;

    KeyPlans(Core core) {
        this.core = core;
    }

    /** The plan of a write of items; empty for other requests. */
    Optional<long[]> of(SdkRequest request) {
        if (request instanceof PutItemRequest) {
            PutItemRequest put = (PutItemRequest) request;
            int facts = facts(put.conditionExpression(), put.hasExpected(), put.expected(), put.returnValues());
            return Optional.of(write("PutItem", put.tableName(), put.item(), facts, null));
        }
        if (request instanceof UpdateItemRequest) {
            UpdateItemRequest update = (UpdateItemRequest) request;
            int facts =
                    facts(update.conditionExpression(), update.hasExpected(), update.expected(), update.returnValues())
                            | facts(update.attributeUpdates());
            return Optional.of(write("UpdateItem", update.tableName(), update.key(), facts, update.updateExpression()));
        }
        if (request instanceof DeleteItemRequest) {
            DeleteItemRequest delete = (DeleteItemRequest) request;
            int facts =
                    facts(delete.conditionExpression(), delete.hasExpected(), delete.expected(), delete.returnValues());
            return Optional.of(write("DeleteItem", delete.tableName(), delete.key(), facts, null));
        }
        return request instanceof BatchWriteItemRequest
                ? Optional.of(votes((BatchWriteItemRequest) request))
                : Optional.empty();
    }

    private long[] write(
            String operation, String table, Map<String, AttributeValue> item, int facts, String updateExpression) {
        Key key = key(table, item);
        return core.planForWrite(operation, table, key.type, key.value, facts, updateExpression);
    }

    private long[] votes(BatchWriteItemRequest batch) {
        long[] plan = core.planStart();
        batch.requestItems().forEach((table, writes) -> {
            for (WriteRequest write : writes) {
                // A write is one of the two; one that is neither or both the server refuses.
                Key key = write.putRequest() != null
                        ? key(table, write.putRequest().item())
                        : write.deleteRequest() != null
                                ? key(table, write.deleteRequest().key())
                                : Key.ABSENT;
                core.vote(plan, table, key.type, key.value);
            }
        });
        return plan;
    }

    private Key key(String table, Map<String, AttributeValue> item) {
        AttributeValue value = table == null || item == null
                ? null
                : core.tableKey(table).map(item::get).orElse(null);
        return value == null ? Key.ABSENT : Key.of(value);
    }

    private static int facts(
            String condition, boolean hasExpected, Map<String, ExpectedAttributeValue> expected, ReturnValue returned) {
        int facts = condition != null && !condition.isEmpty() ? CONDITION_EXPRESSION : 0;
        facts |= hasExpected ? EXPECTED : 0;
        facts |= hasExpected && !expected.isEmpty() ? EXPECTED_MEMBERS : 0;
        facts |= returned == ReturnValue.ALL_OLD ? RETURN_ALL_OLD : 0;
        facts |= returned == ReturnValue.UPDATED_OLD ? RETURN_UPDATED_OLD : 0;
        return facts | (returned == ReturnValue.ALL_NEW ? RETURN_ALL_NEW : 0);
    }

    private static int facts(Map<String, AttributeValueUpdate> updates) {
        int facts = 0;
        for (AttributeValueUpdate update : updates.values()) {
            facts |= update.action() == AttributeAction.ADD ? ATTRIBUTE_UPDATES_ADD : 0;
            facts |= update.action() == AttributeAction.DELETE && update.value() != null
                    ? ATTRIBUTE_UPDATES_DELETE_VALUE
                    : 0;
        }
        return facts;
    }

    private static final class Key {
        static final Key ABSENT = new Key(Core.KEY_ABSENT, null);
        final int type;
        final byte[] value;

        Key(int type, byte[] value) {
            this.type = type;
            this.value = value;
        }

        static Key of(AttributeValue value) {
            switch (value.type()) {
                case S:
                    return new Key(Core.KEY_S, Core.utf8(value.s()));
                case N:
                    return new Key(Core.KEY_N, Core.utf8(value.n()));
                case B:
                    return new Key(Core.KEY_B, value.b().asByteArray());
                default:
                    return ABSENT;
            }
        }
    }
}

package alb

import (
	"context"
	"unsafe"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/smithy-go/middleware"

	"github.com/scylladb/alternator-lb/bindings/go/internal/core"
)

// HandleInitialize, with key affinity, makes the plan of a write from its parameters, and learns tables' keys from answers.
func (c *call) HandleInitialize(ctx context.Context, in middleware.InitializeInput, next middleware.InitializeHandler) (
	middleware.InitializeOutput, middleware.Metadata, error,
) {
	written := c.planFor(in.Parameters)
	out, metadata, err := next.HandleInitialize(ctx, in)
	if err == nil {
		c.client.balancer.learn(out.Result)
	}
	if written {
		c.client.lookForWanted()
	}
	return out, metadata, err
}

// planFor tells whether the request is a write, for which there is a plan then.
func (c *call) planFor(parameters any) bool {
	switch input := parameters.(type) {
	case *dynamodb.PutItemInput:
		c.planForWrite("PutItem", input.TableName, input.Item, core.Write{
			Facts: conditions(input.ConditionExpression, input.Expected) | returned(input.ReturnValues),
		})
	case *dynamodb.UpdateItemInput:
		c.planForWrite("UpdateItem", input.TableName, input.Key, core.Write{
			Facts: conditions(input.ConditionExpression, input.Expected) | returned(input.ReturnValues) |
				updates(input.AttributeUpdates),
			UpdateExpression: value(input.UpdateExpression),
		})
	case *dynamodb.DeleteItemInput:
		c.planForWrite("DeleteItem", input.TableName, input.Key, core.Write{
			Facts: conditions(input.ConditionExpression, input.Expected) | returned(input.ReturnValues),
		})
	case *dynamodb.BatchWriteItemInput:
		c.planForBatch(input)
	default:
		return false
	}
	return true
}

func (c *call) planForWrite(operation string, table *string, item map[string]types.AttributeValue, write core.Write) {
	handle := c.client.balancer.handle
	write.Operation, write.Table = operation, value(table)
	write.Key = keyOf(item, handle.TableKey(write.Table))
	plan := new(core.Plan)
	// Routing never fails a request: one that the core cannot read gets no plan.
	if handle.PlanForWrite(&write, plan) == 0 {
		c.plan = plan
	}
}

func (c *call) planForBatch(input *dynamodb.BatchWriteItemInput) {
	handle := c.client.balancer.handle
	plan := new(core.Plan)
	if handle.PlanStart(plan) < 0 {
		return
	}
	c.plan = plan
	for table, writes := range input.RequestItems {
		name := handle.TableKey(table)
		for _, write := range writes {
			switch {
			case write.PutRequest != nil && write.DeleteRequest == nil:
				handle.PlanVote(plan, table, keyOf(write.PutRequest.Item, name))
			case write.DeleteRequest != nil && write.PutRequest == nil:
				handle.PlanVote(plan, table, keyOf(write.DeleteRequest.Key, name))
			}
		}
	}
}

func keyOf(item map[string]types.AttributeValue, name string) core.Key {
	if name == "" {
		return core.Key{}
	}
	switch value := item[name].(type) {
	case *types.AttributeValueMemberS:
		return core.Key{Type: core.KeyString, Value: value.Value}
	case *types.AttributeValueMemberN:
		return core.Key{Type: core.KeyNumber, Value: value.Value}
	case *types.AttributeValueMemberB:
		return core.Key{Type: core.KeyBinary, Value: unsafe.String(unsafe.SliceData(value.Value), len(value.Value))}
	default:
		return core.Key{}
	}
}

func conditions(expression *string, expected map[string]types.ExpectedAttributeValue) (facts uint32) {
	if value(expression) != "" {
		facts |= core.WriteConditionExpression
	}
	if expected != nil {
		facts |= core.WriteExpected
	}
	if len(expected) > 0 {
		facts |= core.WriteExpectedMembers
	}
	return facts
}

func returned(values types.ReturnValue) uint32 {
	switch values {
	case types.ReturnValueAllOld:
		return core.WriteReturnAllOld
	case types.ReturnValueUpdatedOld:
		return core.WriteReturnUpdatedOld
	case types.ReturnValueAllNew:
		return core.WriteReturnAllNew
	default:
		return 0
	}
}

func updates(attributes map[string]types.AttributeValueUpdate) (facts uint32) {
	for _, update := range attributes {
		switch {
		case update.Action == types.AttributeActionAdd:
			facts |= core.WriteAttributeUpdatesAdd
		case update.Action == types.AttributeActionDelete && update.Value != nil:
			facts |= core.WriteAttributeUpdatesDeleteValue
		}
	}
	return facts
}

func value(text *string) string {
	if text == nil {
		return ""
	}
	return *text
}

//go:build cgo

package core

// #include "core.h"
import "C"

import (
	"runtime"
	"time"
	"unsafe"
)

// Outcome is how an attempt ended.
type Outcome int32

// Every outcome of the C ABI.
const (
	Success     Outcome = C.ALB_OUTCOME_SUCCESS
	CallerFault Outcome = C.ALB_OUTCOME_CALLER_FAULT
	Throttled   Outcome = C.ALB_OUTCOME_THROTTLED
	ServerError Outcome = C.ALB_OUTCOME_SERVER_ERROR
	Refused     Outcome = C.ALB_OUTCOME_REFUSED
	Reset       Outcome = C.ALB_OUTCOME_RESET
	TimedOut    Outcome = C.ALB_OUTCOME_TIMEOUT
	TLSFailure  Outcome = C.ALB_OUTCOME_TLS_FAILURE
	Cancelled   Outcome = C.ALB_OUTCOME_CANCELLED
)

// Plan is the order in which one request tries nodes: storage, without any pointer.
type Plan [64]uint64

func (p *Plan) c() *C.alb_plan { return (*C.alb_plan)(unsafe.Pointer(p)) }

// PlanStart begins an ordinary plan.
func (h *Handle) PlanStart(plan *Plan) Status {
	status := C.alb_plan_start(h.c, plan.c())
	runtime.KeepAlive(h)
	return Status(status)
}

// PlanAfter begins a plan whose first step was a node of NextNode.
func (h *Handle) PlanAfter(id int32, plan *Plan) Status {
	status := C.alb_plan_after(h.c, C.int32_t(id), plan.c())
	runtime.KeepAlive(h)
	return Status(status)
}

// PlanNext begins an attempt: the number of its node, or a negative status.
func (h *Handle) PlanNext(plan *Plan) int32 {
	id := C.alb_plan_next(h.c, plan.c(), nil)
	runtime.KeepAlive(h)
	return int32(id)
}

// RetryDelay asks whether another attempt is granted, and after which wait; a negative status if not.
func (h *Handle) RetryDelay(plan *Plan, outcome Outcome) (time.Duration, Status) {
	wait := C.alb_retry_delay_us(h.c, plan.c(), C.int32_t(outcome))
	runtime.KeepAlive(h)
	if wait < 0 {
		return 0, Status(wait)
	}
	return time.Duration(wait) * time.Microsecond, 0
}

// KeyType is the type of a partition key.
type KeyType int32

// The types of partition keys.
const (
	KeyAbsent KeyType = C.ALB_KEY_ABSENT
	KeyString KeyType = C.ALB_KEY_S
	KeyNumber KeyType = C.ALB_KEY_N
	KeyBinary KeyType = C.ALB_KEY_B
)

// Key is the value of a partition key: the text of a string or a number, or the bytes.
type Key struct {
	Type  KeyType
	Value string
}

func (k Key) c() (C.int32_t, *C.uint8_t, C.size_t) {
	value, length := text(k.Value)
	return C.int32_t(k.Type), (*C.uint8_t)(unsafe.Pointer(value)), length
}

// What makes a write a read-modify-write, as far as the core wants to know.
const (
	WriteConditionExpression         = C.ALB_WRITE_CONDITION_EXPRESSION
	WriteExpected                    = C.ALB_WRITE_EXPECTED
	WriteExpectedMembers             = C.ALB_WRITE_EXPECTED_MEMBERS
	WriteReturnAllOld                = C.ALB_WRITE_RETURN_ALL_OLD
	WriteReturnUpdatedOld            = C.ALB_WRITE_RETURN_UPDATED_OLD
	WriteReturnAllNew                = C.ALB_WRITE_RETURN_ALL_NEW
	WriteAttributeUpdatesAdd         = C.ALB_WRITE_ATTRIBUTE_UPDATES_ADD
	WriteAttributeUpdatesDeleteValue = C.ALB_WRITE_ATTRIBUTE_UPDATES_DELETE_VALUE
)

// Write is a write of one item, by its parameters.
type Write struct {
	Operation, Table string
	Key              Key
	Facts            uint32
	UpdateExpression string
}

// PlanForWrite begins the plan of a write: for its partition key, if the options send such a write to the node of its key.
func (h *Handle) PlanForWrite(write *Write, plan *Plan) Status {
	operation, operationLen := text(write.Operation)
	table, tableLen := text(write.Table)
	kind, key, keyLen := write.Key.c()
	expression, expressionLen := text(write.UpdateExpression)
	if write.UpdateExpression == "" {
		expression = nil
	}
	status := C.alb_plan_for_write(h.c, operation, operationLen, table, tableLen, kind, key, keyLen, C.uint32_t(write.Facts),
		expression, expressionLen, plan.c())
	runtime.KeepAlive(h)
	return Status(status)
}

// PlanVote adds the vote of an item of a BatchWriteItem to a plan that was started.
func (h *Handle) PlanVote(plan *Plan, table string, key Key) Status {
	name, nameLen := text(table)
	kind, value, valueLen := key.c()
	status := C.alb_plan_vote(h.c, plan.c(), name, nameLen, kind, value, valueLen)
	runtime.KeepAlive(h)
	return Status(status)
}

// PlanForKey begins the plan of a partition key.
func (h *Handle) PlanForKey(key Key, plan *Plan) Status {
	kind, value, valueLen := key.c()
	status := C.alb_plan_for_key(h.c, kind, value, valueLen, plan.c())
	runtime.KeepAlive(h)
	return Status(status)
}

// PlanForRequest begins the plan of a request by its text.
func (h *Handle) PlanForRequest(operation string, body []byte, plan *Plan) Status {
	name, nameLen := text(operation)
	data, dataLen := bytes(body)
	status := C.alb_plan_for_request(h.c, name, nameLen, data, dataLen, plan.c())
	runtime.KeepAlive(h)
	return Status(status)
}

// NodeForKey is the number of the node of a partition key, or a negative status.
func (h *Handle) NodeForKey(key Key) int32 {
	kind, value, valueLen := key.c()
	id := C.alb_node_for_key(h.c, kind, value, valueLen, nil)
	runtime.KeepAlive(h)
	return int32(id)
}

// TokenForKey is the ScyllaDB token of a partition key.
func TokenForKey(key Key) (int64, error) {
	kind, value, valueLen := key.c()
	var token C.int64_t
	if status := C.alb_token_for_key(kind, value, valueLen, &token); status != C.ALB_OK {
		return 0, Status(status)
	}
	return int64(token), nil
}

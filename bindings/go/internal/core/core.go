//go:build cgo

// Package core calls the C ABI of libalternator_lb; nothing else in the module does.
//
// A Handle may be used by any number of goroutines. It is freed when nothing refers to it any more, so that no call can meet a
// freed handle. Calls of the hot path pass numbers alone, or memory that C neither keeps nor follows.
package core

/*
#cgo CFLAGS: -I${SRCDIR}
#cgo noescape alb_config_set
#cgo nocallback alb_config_set
#cgo noescape alb_plan_start
#cgo nocallback alb_plan_start
#cgo noescape alb_plan_after
#cgo nocallback alb_plan_after
#cgo noescape alb_plan_next
#cgo nocallback alb_plan_next
#cgo noescape alb_plan_for_key
#cgo nocallback alb_plan_for_key
#cgo noescape alb_plan_for_request
#cgo nocallback alb_plan_for_request
#cgo noescape alb_plan_for_write
#cgo nocallback alb_plan_for_write
#cgo noescape alb_plan_vote
#cgo nocallback alb_plan_vote
#cgo noescape alb_retry_delay_us
#cgo nocallback alb_retry_delay_us
#cgo noescape alb_node_for_key
#cgo nocallback alb_node_for_key
#cgo noescape alb_table_key
#cgo nocallback alb_table_key
#cgo nocallback alb_next_node
#cgo nocallback alb_report
#cgo nocallback alb_refresh_due_ms
#cgo noescape alb_go_picks
#cgo nocallback alb_go_picks
#cgo noescape alb_go_give_up
#cgo nocallback alb_go_give_up
#include "core.h"

// Several calls for the price of one crossing.
static void alb_go_picks(alb *lb, int32_t *ids, size_t count) {
	for (size_t i = 0; i < count; i++) ids[i] = alb_next_node(lb, NULL);
}

static void alb_go_give_up(alb *lb, const int32_t *ids, size_t count) {
	for (size_t i = 0; i < count; i++) alb_report(lb, ids[i], ALB_OUTCOME_CANCELLED, 0);
}
*/
import "C"

import (
	"runtime"
	"sync/atomic"
	"time"
	"unsafe"
)

// Handle is a load balancer of the core.
type Handle struct {
	c          *C.alb
	generation *uint64
	nodes      atomic.Pointer[[]*Node]
}

// Setting is an option of the core and its value.
type Setting struct{ Key, Value string }

// New makes a handle. There is no network I/O here.
func New(settings []Setting) (*Handle, error) {
	config := C.alb_config_new()
	defer C.alb_config_free(config)
	var failure C.alb_error
	for _, setting := range settings {
		failure.struct_size = C.sizeof_alb_error
		key, keyLen := text(setting.Key)
		value, valueLen := text(setting.Value)
		if status := C.alb_config_set(config, key, keyLen, value, valueLen, &failure); status != C.ALB_OK {
			return nil, newError(status, &failure)
		}
	}
	h := &Handle{}
	failure.struct_size = C.sizeof_alb_error
	if status := C.alb_new(C.ALB_ABI_VERSION, config, &h.c, &failure); status != C.ALB_OK {
		return nil, newError(status, &failure)
	}
	h.generation = (*uint64)(unsafe.Pointer(C.alb_generation(h.c)))
	h.nodes.Store(new([]*Node))
	runtime.AddCleanup(h, func(c *C.alb) { C.alb_free(c) }, h.c)
	return h, nil
}

// Version is the version of the core.
func Version() string { return C.GoString(C.alb_version()) }

// Generation changes with the list of nodes and with what is set aside. Reading it is no call.
func (h *Handle) Generation() uint64 {
	generation := atomic.LoadUint64(h.generation)
	runtime.KeepAlive(h)
	return generation
}

// NextNode begins an attempt: the number of its node, or a negative status.
func (h *Handle) NextNode() int32 {
	id := C.alb_next_node(h.c, nil)
	runtime.KeepAlive(h)
	return int32(id)
}

// PickBatch is how many attempts NextNodes begins.
const PickBatch = 16

// NextNodes begins several attempts: the numbers of their nodes, or negative statuses.
func (h *Handle) NextNodes(room *[PickBatch]int32) []int32 {
	C.alb_go_picks(h.c, (*C.int32_t)(unsafe.Pointer(room)), PickBatch)
	runtime.KeepAlive(h)
	return room[:]
}

// GiveUp ends attempts that will not be made.
func (h *Handle) GiveUp(ids []int32) {
	C.alb_go_give_up(h.c, (*C.int32_t)(unsafe.Pointer(unsafe.SliceData(ids))), C.size_t(len(ids)))
	runtime.KeepAlive(h)
}

// Report says how an attempt ended.
func (h *Handle) Report(id int32, outcome Outcome, latency time.Duration) Status {
	status := C.alb_report(h.c, C.int32_t(id), C.int32_t(outcome), C.uint64_t(max(latency, 0)/time.Microsecond))
	runtime.KeepAlive(h)
	return Status(status)
}

// Statistics is a JSON object, as docs/STATISTICS.md describes.
func (h *Handle) Statistics() ([]byte, error) {
	room := make([]byte, 8<<10)
	for {
		length := C.alb_statistics(h.c, (*C.char)(unsafe.Pointer(&room[0])), C.size_t(len(room)))
		runtime.KeepAlive(h)
		switch {
		case length < 0:
			return nil, Status(length)
		case int(length) < len(room):
			return room[:length], nil
		}
		// Nodes may join meanwhile.
		room = make([]byte, int(length)+4<<10)
	}
}

// NextEvent is the event behind the cursor as a JSON object, or nil if there is none.
func (h *Handle) NextEvent(cursor *uint64) ([]byte, error) {
	room := make([]byte, 1<<10)
	for {
		position := C.uint64_t(*cursor)
		length := C.alb_next_event(h.c, &position, (*C.char)(unsafe.Pointer(&room[0])), C.size_t(len(room)))
		runtime.KeepAlive(h)
		switch {
		case length < 0:
			return nil, Status(length)
		case length == 0:
			return nil, nil
		case int(length) < len(room):
			*cursor = uint64(position)
			return room[:length], nil
		}
		room = make([]byte, int(length)+1)
	}
}

// text lends a string to C for the length of one call.
func text(s string) (*C.char, C.size_t) {
	if s == "" {
		return (*C.char)(unsafe.Pointer(&nothing)), 0
	}
	return (*C.char)(unsafe.Pointer(unsafe.StringData(s))), C.size_t(len(s))
}

func bytes(b []byte) (*C.uint8_t, C.size_t) {
	if len(b) == 0 {
		return (*C.uint8_t)(unsafe.Pointer(&nothing)), 0
	}
	return (*C.uint8_t)(unsafe.Pointer(&b[0])), C.size_t(len(b))
}

// What a pointer to no bytes points to.
var nothing byte

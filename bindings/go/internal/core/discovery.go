//go:build cgo

package core

// #include "core.h"
import "C"

import (
	"math"
	"runtime"
	"time"
	"unsafe"
)

// Fetch is a request of discovery: a GET without credentials, redirects not followed.
type Fetch struct {
	Token   uint64
	URL     string
	Timeout time.Duration
}

// MostBytes is as much of an answer as the core wants to see.
const MostBytes = 1<<20 + 1

// Never is what RefreshDue gives when discovery has nothing to do.
const Never = time.Duration(math.MaxInt64)

// RefreshDue tells when discovery has work to do.
func (h *Handle) RefreshDue() time.Duration {
	due := C.alb_refresh_due_ms(h.c)
	runtime.KeepAlive(h)
	if due == math.MaxUint32 {
		return Never
	}
	return time.Duration(due) * time.Millisecond
}

// DiscoveryNext is the next request to make; false if there is none now.
func (h *Handle) DiscoveryNext() (Fetch, bool) {
	var token C.uint64_t
	var timeout C.uint32_t
	var room [C.ALB_URL_CAPACITY]byte
	length := C.alb_discovery_next(h.c, &token, (*C.char)(unsafe.Pointer(&room[0])), C.ALB_URL_CAPACITY, &timeout, nil)
	runtime.KeepAlive(h)
	if length <= 0 {
		return Fetch{}, false
	}
	return Fetch{uint64(token), string(room[:length]), time.Duration(timeout) * time.Millisecond}, true
}

// DiscoveryFeed brings an answer. One that comes too late is dropped by the core.
func (h *Handle) DiscoveryFeed(fetch Fetch, httpStatus int, body []byte) {
	data, dataLen := bytes(body)
	C.alb_discovery_feed(h.c, C.uint64_t(fetch.Token), C.int32_t(httpStatus), data, dataLen, nil)
	runtime.KeepAlive(h)
}

// DiscoveryFail says that there was no answer.
func (h *Handle) DiscoveryFail(fetch Fetch, outcome Outcome) {
	C.alb_discovery_fail(h.c, C.uint64_t(fetch.Token), C.int32_t(outcome), nil)
	runtime.KeepAlive(h)
}

// RefreshSoon makes a round of discovery due now.
func (h *Handle) RefreshSoon() {
	C.alb_refresh_soon(h.c)
	runtime.KeepAlive(h)
}

// CheckScope asks the cluster whether it knows the datacenters and racks of the scope, by the core's own transport.
func (h *Handle) CheckScope(timeout time.Duration) error {
	var failure C.alb_error
	failure.struct_size = C.sizeof_alb_error
	status := C.alb_check_scope(h.c, milliseconds(timeout), &failure)
	runtime.KeepAlive(h)
	if status != C.ALB_OK {
		return newError(status, &failure)
	}
	return nil
}

// ScopeSupported asks the cluster whether it can be asked by datacenter and rack, by the core's own transport.
func (h *Handle) ScopeSupported(timeout time.Duration) (bool, error) {
	var failure C.alb_error
	failure.struct_size = C.sizeof_alb_error
	answer := C.alb_scope_supported(h.c, milliseconds(timeout), &failure)
	runtime.KeepAlive(h)
	if answer < 0 {
		return false, newError(C.alb_status(answer), &failure)
	}
	return answer == 1, nil
}

func milliseconds(d time.Duration) C.uint32_t {
	return C.uint32_t(min(max(d/time.Millisecond, 0), math.MaxUint32))
}

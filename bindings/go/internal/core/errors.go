//go:build cgo

package core

// #include "core.h"
import "C"

import (
	"fmt"
	"strings"
)

// Status is a negative number of the core, and an error by itself.
type Status int32

// Every status of the C ABI.
const (
	InvalidArgument Status = C.ALB_ERR_INVALID_ARGUMENT
	ABIMismatch     Status = C.ALB_ERR_ABI_MISMATCH
	UnknownOption   Status = C.ALB_ERR_UNKNOWN_OPTION
	BadValue        Status = C.ALB_ERR_BAD_VALUE
	NoNodes         Status = C.ALB_ERR_NO_NODES
	UnknownNode     Status = C.ALB_ERR_UNKNOWN_NODE
	Timeout         Status = C.ALB_ERR_TIMEOUT
	Unreachable     Status = C.ALB_ERR_UNREACHABLE
	TLS             Status = C.ALB_ERR_TLS
	BadResponse     Status = C.ALB_ERR_BAD_RESPONSE
	ScopeUnknown    Status = C.ALB_ERR_SCOPE_UNKNOWN
	Unsupported     Status = C.ALB_ERR_UNSUPPORTED
	StaleToken      Status = C.ALB_ERR_STALE_TOKEN
	IO              Status = C.ALB_ERR_IO
	Panic           Status = C.ALB_ERR_PANIC
	TooLarge        Status = C.ALB_ERR_TOO_LARGE
	BudgetSpent     Status = C.ALB_ERR_BUDGET_SPENT
	NotOffered      Status = C.ALB_ERR_NOT_OFFERED
)

// Name is the status as the C header writes it.
func (s Status) Name() string { return C.GoString(C.alb_status_name(C.alb_status(s))) }

func (s Status) Error() string {
	words := strings.ToLower(strings.TrimPrefix(s.Name(), "ALB_ERR_"))
	return "alternator: " + strings.ReplaceAll(words, "_", " ")
}

// Error is a status with its details. It unwraps to the status.
type Error struct {
	Status Status
	// Node is the node or seed concerned, if any.
	Node string
	// Message is one sentence that names the cause and, for an option, what is accepted.
	Message string
	// HTTPStatus and OSErrno are 0 where there are none.
	HTTPStatus, OSErrno int
}

func (e *Error) Error() string {
	if e.Node == "" {
		return fmt.Sprintf("alternator: %s", e.Message)
	}
	return fmt.Sprintf("alternator: %s: %s", e.Node, e.Message)
}

// Unwrap gives the status, so that errors.Is finds it.
func (e *Error) Unwrap() error { return e.Status }

func newError(status C.alb_status, details *C.alb_error) error {
	message := C.GoString(&details.message[0])
	if message == "" {
		return Status(status)
	}
	return &Error{
		Status:     Status(status),
		Node:       C.GoString(&details.node[0]),
		Message:    message,
		HTTPStatus: int(details.http_status),
		OSErrno:    int(details.os_errno),
	}
}

// BadOption is the error of an option that the module itself refuses.
func BadOption(format string, arguments ...any) error {
	return &Error{Status: BadValue, Message: fmt.Sprintf(format, arguments...)}
}

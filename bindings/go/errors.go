package alb

import (
	"errors"

	"github.com/scylladb/alternator-lb/bindings/go/internal/core"
)

// Error tells what went wrong in the core, or with an option: which one, its value and what is accepted. It unwraps to one of the
// sentinels below.
type Error = core.Error

// The sentinels: one for each status of the C ABI.
const (
	ErrInvalidArgument = core.InvalidArgument // a text with a NUL, an absurd length
	ErrABIMismatch     = core.ABIMismatch     // the library is of another version
	ErrUnknownOption   = core.UnknownOption   // there is no option of that name
	ErrBadValue        = core.BadValue        // the option does not accept that value
	ErrNoNodes         = core.NoNodes         // there is no node to choose
	ErrUnknownNode     = core.UnknownNode     // no node has that number
	ErrTimeout         = core.Timeout         // the time that was allowed ran out
	ErrUnreachable     = core.Unreachable     // no seed and no node could be reached
	ErrTLS             = core.TLS             // the TLS handshake failed
	ErrBadResponse     = core.BadResponse     // something answered, but nothing usable
	ErrScopeUnknown    = core.ScopeUnknown    // the cluster knows no node in that datacenter or rack
	ErrUnsupported     = core.Unsupported     // the servers, or the library, do not support what was asked
	ErrStaleToken      = core.StaleToken      // a request of discovery that is no longer open
	ErrIO              = core.IO              // a file that an option names could not be used
	ErrPanic           = core.Panic           // a defect of the library was caught
	ErrTooLarge        = core.TooLarge        // an answer inflates to more than is allowed
	ErrBudgetSpent     = core.BudgetSpent     // there were too many retries of late
	ErrNotOffered      = core.NotOffered      // no hedge is offered for this request
)

// ErrClosed is what requests get after Close.
var ErrClosed = errors.New("alternator: the AlternatorLB is closed")

// AttemptError is the error of one attempt, and names its node. Its text is that of the error itself, which it unwraps to.
type AttemptError struct {
	// Node is the URL of the node.
	Node string
	// Err is what the SDK said.
	Err error

	call *call
}

func (e *AttemptError) Error() string { return e.Err.Error() }

// Unwrap gives the SDK's error.
func (e *AttemptError) Unwrap() error { return e.Err }

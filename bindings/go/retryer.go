package alb

import (
	"context"
	"errors"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/scylladb/alternator-lb/bindings/go/internal/core"
)

// hurrying is a Retryer whose verdicts and quota are another's. It only drops the wait before a retry when the node was at
// fault and another one is left, as long as the core's retry budget grants that.
type hurrying struct{ aws.RetryerV2 }

func hurry(retryer aws.Retryer) aws.Retryer {
	switch known := retryer.(type) {
	case hurrying:
		return known
	case aws.RetryerV2:
		return hurrying{known}
	default:
		return hurrying{version2{known}}
	}
}

func (h hurrying) RetryDelay(attempt int, err error) (time.Duration, error) {
	var failed *AttemptError
	if errors.As(err, &failed) && failed.call.mayHurry() {
		return 0, nil
	}
	return h.RetryerV2.RetryDelay(attempt, err)
}

// version2 is a Retryer of the first interface.
type version2 struct{ aws.Retryer }

func (v version2) GetAttemptToken(context.Context) (func(error) error, error) {
	return v.GetInitialToken(), nil
}

// nodeFailed tells whether another node may well answer at once.
func nodeFailed(outcome core.Outcome) bool {
	switch outcome {
	case core.ServerError, core.Refused, core.Reset, core.TimedOut, core.TLSFailure:
		return true
	default:
		return false
	}
}

package alb

import (
	"context"
	"errors"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/scylladb/alternator-lb/bindings/go/internal/core"
)

// A NopRetryer refuses to tell a wait: an answer without an error is ours.
func TestWaitIsDroppedWhenTheNodeFailedAndAnotherIsLeft(t *testing.T) {
	for outcome, dropped := range map[core.Outcome]bool{
		core.ServerError: true, core.Refused: true, core.Reset: true, core.TimedOut: true, core.TLSFailure: true,
		core.Throttled: false, core.CallerFault: false, core.Cancelled: false,
	} {
		handle, _ := handleOf(t, Random)
		c := &call{client: &client{balancer: &balancer{handle: handle}}, outcome: outcome}
		node, err := handle.Node(handle.NextNode())
		if err != nil {
			t.Fatal(err)
		}
		c.node = node
		failed := &AttemptError{Node: node.Text, Err: errors.New("it failed"), call: c}
		for _, retryer := range []aws.Retryer{aws.NopRetryer{}, firstInterface{aws.NopRetryer{}}, hurry(aws.NopRetryer{})} {
			wait, err := hurry(retryer).RetryDelay(1, failed)
			if (err == nil) != dropped || wait != 0 {
				t.Errorf("outcome %d: %v, %v", outcome, wait, err)
			}
		}
		if _, err := hurry(aws.NopRetryer{}).RetryDelay(1, errors.New("of nobody")); err == nil {
			t.Error("an error without an attempt")
		}
	}
}

// firstInterface hides what a Retryer has of the second interface.
type firstInterface struct{ aws.Retryer }

func TestRetryerOfTheFirstInterfaceKeepsItsTokens(t *testing.T) {
	retryer := hurry(firstInterface{aws.NopRetryer{}}).(aws.RetryerV2)
	release, err := retryer.GetAttemptToken(context.Background())
	if err != nil || release == nil || release(nil) != nil {
		t.Errorf("the token is %v", err)
	}
}

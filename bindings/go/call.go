package alb

import (
	"context"
	"fmt"
	"time"

	"github.com/aws/smithy-go/middleware"
	smithyhttp "github.com/aws/smithy-go/transport/http"

	"github.com/scylladb/alternator-lb/bindings/go/internal/core"
)

// call is one API call: the middleware of its own stack, which lives for this call alone. It chooses the node of each attempt,
// behind the SDK's retry loop and before the signature, and reports how the attempt ended.
type call struct {
	client *client
	// plan is nil while a first attempt needs none: most calls make no second one.
	plan    *core.Plan
	node    *core.Node
	outcome core.Outcome
}

// The name of the middleware in each step of the stack.
const middlewareID = "AlternatorLB"

func (c *call) ID() string { return middlewareID }

// HandleFinalize makes one attempt.
func (c *call) HandleFinalize(ctx context.Context, in middleware.FinalizeInput, next middleware.FinalizeHandler) (
	out middleware.FinalizeOutput, metadata middleware.Metadata, err error,
) {
	request, ok := in.Request.(*smithyhttp.Request)
	if !ok {
		return out, metadata, fmt.Errorf("alternator: a request of type %T cannot be routed", in.Request)
	}
	if err := c.choose(); err != nil {
		return out, metadata, err
	}
	request.URL.Scheme, request.URL.Host = c.node.URL.Scheme, c.node.URL.Host
	if request.Host != "" {
		request.Host = c.node.URL.Host
	}
	c.client.wire.finish(request.Header)
	defer c.report(time.Now())
	c.outcome = core.Cancelled // should the rest of the stack panic
	out, metadata, err = next.HandleFinalize(ctx, in)
	c.outcome = outcomeOf(ctx, err)
	if err != nil {
		err = &AttemptError{Node: c.node.Text, Err: err, call: c}
	}
	return out, metadata, err
}

// choose takes the next step of the call's plan.
func (c *call) choose() error {
	balancer := c.client.balancer
	if balancer.closed.Load() {
		return ErrClosed
	}
	handle, idle := balancer.handle, balancer.driver.idle()
	var id int32
	switch {
	case c.plan == nil && c.node == nil:
		id = balancer.picks.next(idle)
	case c.plan == nil:
		if status := c.planOn(); status < 0 {
			return status
		}
		fallthrough
	default:
		id = handle.PlanNext(c.plan)
	}
	if idle {
		balancer.driver.rouse()
	}
	if id < 0 {
		return core.Status(id)
	}
	node, err := handle.Node(id)
	if err != nil {
		return err
	}
	c.node = node
	return nil
}

// planOn begins the plan of a call whose first node was chosen without one.
func (c *call) planOn() core.Status {
	c.plan = new(core.Plan)
	return c.client.balancer.handle.PlanAfter(c.node.ID, c.plan)
}

func (c *call) report(began time.Time) {
	balancer := c.client.balancer
	balancer.handle.Report(c.node.ID, c.outcome, time.Since(began))
	if nodeFailed(c.outcome) {
		balancer.driver.wake()
	}
}

// mayHurry tells whether a retry need not wait.
func (c *call) mayHurry() bool {
	if !nodeFailed(c.outcome) {
		return false
	}
	if c.plan == nil && c.planOn() < 0 {
		return false
	}
	wait, status := c.client.balancer.handle.RetryDelay(c.plan, c.outcome)
	return status == 0 && wait == 0
}

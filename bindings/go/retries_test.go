package alb_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/smithy-go"
	"github.com/aws/smithy-go/middleware"

	alb "github.com/scylladb/alternator-lb/bindings/go"
	"github.com/scylladb/alternator-lb/bindings/go/internal/altcluster"
)

// waiting is a Retryer that counts the waits it is asked for.
type waiting struct {
	aws.RetryerV2
	wait  time.Duration
	asked *atomic.Int32
}

func (w waiting) RetryDelay(int, error) (time.Duration, error) {
	w.asked.Add(1)
	return w.wait, nil
}

func retrying(attempts int, wait time.Duration) (func(*dynamodb.Options), *atomic.Int32) {
	asked := new(atomic.Int32)
	standard := retry.NewStandard(func(o *retry.StandardOptions) { o.MaxAttempts = attempts })
	return func(o *dynamodb.Options) { o.Retryer = waiting{standard, wait, asked} }, asked
}

// nodesOfAttempts tells which nodes a single call went to, in the order of its attempts.
func nodesOfAttempts(t *testing.T, cluster *altcluster.Cluster) (nodes []int) {
	t.Helper()
	attempts := cluster.Counters().Attempts
	if len(attempts) != 1 {
		t.Fatalf("not one call: %v", attempts)
	}
	for _, attempt := range attempts {
		slices.SortFunc(attempt, func(a, b altcluster.Attempt) int { return a.Attempt - b.Attempt })
		for _, one := range attempt {
			nodes = append(nodes, one.Node)
		}
	}
	return nodes
}

func distinct(nodes []int) int {
	sorted := slices.Clone(nodes)
	slices.Sort(sorted)
	return len(slices.Compact(sorted))
}

func TestMiddlewareStandsBehindTheRetryLoopAndBeforeTheSignature(t *testing.T) {
	cluster := start(t, "--nodes", "1")
	lb := balance(t, cluster, alb.WithManualRefresh(), alb.WithCompression(alb.Gzip), alb.WithResponseCompression(alb.Gzip),
		alb.WithAffinity(alb.AffinityAnyWrite))
	var stack middleware.Stack
	client := lb.NewDynamoDB()
	must(t, put2(client, func(o *dynamodb.Options) {
		o.APIOptions = append(o.APIOptions, func(s *middleware.Stack) error { stack = *s; return nil })
	}))
	order := stack.Finalize.List()
	places := make([]int, 0, 5)
	for _, id := range []string{"Retry", "ResolveEndpointV2", "AlternatorLB", "ComputePayloadHash", "Signing"} {
		places = append(places, slices.Index(order, id))
	}
	if !slices.IsSorted(places) || places[0] < 0 {
		t.Errorf("the order is %v", order)
	}
	if received := stack.Deserialize.List(); slices.Index(received, "AlternatorLB") <= slices.Index(received,
		"OperationDeserializer") {
		t.Errorf("answers pass in the order %v", received)
	}
	if !slices.Contains(stack.Build.List(), "AlternatorLB") || !slices.Contains(stack.Initialize.List(), "AlternatorLB") {
		t.Errorf("missing in %v or %v", stack.Build.List(), stack.Initialize.List())
	}
}

// put2 makes a call that has options of its own; whether the table is there does not matter.
func put2(client *dynamodb.Client, change func(*dynamodb.Options)) error {
	_, err := client.PutItem(context.Background(), &dynamodb.PutItemInput{TableName: aws.String(items), Item: item("k",
		"v")}, change)
	var missing *types.ResourceNotFoundException
	if errors.As(err, &missing) {
		return nil
	}
	return err
}

func TestFailingNodesAreLeftAtOnceWithinOneCall(t *testing.T) {
	cluster := start(t)
	for _, fault := range []altcluster.Fault{
		{"kind": "error", "status": 500}, {"kind": "reset"}, {"kind": "close_before_reply"},
	} {
		t.Run(fmt.Sprint(fault["kind"]), func(t *testing.T) {
			cluster.Fault(0, fault)
			cluster.Fault(1, fault)
			defer cluster.Heal(0)
			defer cluster.Heal(1)
			options, asked := retrying(4, time.Hour)
			for range 6 {
				// Each balancer knows nothing of failures before.
				lb := refreshed(t, cluster, alb.WithPolicy(alb.Random), alb.WithOption("health.share", "handle"))
				cluster.ResetCounters()
				must(t, listTables(lb.NewDynamoDB(options)))
				nodes := nodesOfAttempts(t, cluster)
				if nodes[len(nodes)-1] != 2 || distinct(nodes) != len(nodes) {
					t.Errorf("attempts went to %v", nodes)
				}
			}
			if asked.Load() != 0 {
				t.Errorf("the SDK's wait was asked for %d times", asked.Load())
			}
		})
	}
}

func TestKilledNodeCostsRetriesElsewhereAndNoError(t *testing.T) {
	cluster := start(t, "--gossip-delay-ms", "600000")
	options, asked := retrying(3, time.Hour)
	lb := refreshed(t, cluster, alb.WithPolicy(alb.RoundRobin))
	client := lb.NewDynamoDB(options)
	createTable(t, client)
	cluster.Kill(1)
	for number := range 30 {
		must(t, put(client, fmt.Sprint(number), "after"))
	}
	for number := range 30 {
		if got := get(t, client, fmt.Sprint(number)); got != "after" {
			t.Errorf("%d: %q", number, got)
		}
	}
	if asked.Load() != 0 {
		t.Errorf("the SDK's wait was asked for %d times", asked.Load())
	}
	if aside := lb.NodesSetAside(); len(aside) != 1 || aside[0].Host != hostOf(cluster.Nodes[1].URL) {
		t.Errorf("set aside: %v", aside)
	}
}

func TestExhaustedPlanStartsOverAndTheRealErrorReachesTheCaller(t *testing.T) {
	cluster := start(t)
	for index := range 3 {
		cluster.Fault(index, altcluster.Fault{"kind": "error", "status": 500, "message": "the disk is on fire"})
	}
	options, asked := retrying(5, time.Millisecond)
	lb := refreshed(t, cluster, alb.WithPolicy(alb.Random))
	cluster.ResetCounters()
	err := listTables(lb.NewDynamoDB(options))
	var known smithy.APIError
	if !errors.As(err, &known) || known.ErrorCode() != "InternalServerError" || !strings.Contains(known.ErrorMessage(), "on fire") {
		t.Errorf("the error is %v", err)
	}
	var attempt *alb.AttemptError
	if !errors.As(err, &attempt) || !strings.HasPrefix(attempt.Node, "http://127.") {
		t.Errorf("no node in %v", err)
	}
	nodes := nodesOfAttempts(t, cluster)
	if len(nodes) != 5 || distinct(nodes[:3]) != 3 {
		t.Errorf("attempts went to %v", nodes)
	}
	if asked.Load() != 1 {
		t.Errorf("the SDK's wait was asked for %d times, not once when all nodes were tried", asked.Load())
	}
}

func TestSingleNodeIsRetriedAfterTheSDKsWait(t *testing.T) {
	cluster := start(t, "--nodes", "1")
	cluster.Fault(0, altcluster.Fault{"kind": "error", "status": 500, "count": 2})
	options, asked := retrying(3, time.Millisecond)
	must(t, listTables(refreshed(t, cluster).NewDynamoDB(options)))
	if asked.Load() != 2 {
		t.Errorf("asked for %d waits", asked.Load())
	}
}

func TestThrottlingKeepsTheSDKsWait(t *testing.T) {
	cluster := start(t)
	for index := range 3 {
		cluster.Fault(index, altcluster.Fault{"kind": "error", "status": 400, "error_type": "ThrottlingException"})
	}
	options, asked := retrying(3, time.Millisecond)
	lb := refreshed(t, cluster)
	err := listTables(lb.NewDynamoDB(options))
	var statistics struct{ Retries struct{ Granted int } }
	if read(t, lb, &statistics); statistics.Retries.Granted != 0 {
		t.Errorf("%d were taken from the budget of immediate retries", statistics.Retries.Granted)
	}
	if err == nil || !strings.Contains(err.Error(), "ThrottlingException") {
		t.Errorf("the error is %v", err)
	}
	if asked.Load() != 2 {
		t.Errorf("asked for %d waits", asked.Load())
	}
}

func TestFaultsOfTheRequestAreNotRetried(t *testing.T) {
	cluster := start(t)
	lb := refreshed(t, cluster)
	cluster.ResetCounters()
	err := put(lb.NewDynamoDB(), "key", "value")
	var missing *types.ResourceNotFoundException
	if !errors.As(err, &missing) {
		t.Errorf("the error is %v", err)
	}
	if nodes := nodesOfAttempts(t, cluster); len(nodes) != 1 {
		t.Errorf("attempts went to %v", nodes)
	}
}

func TestNumberOfAttemptsAndQuotaStayTheRetryers(t *testing.T) {
	cluster := start(t)
	for index := range 3 {
		cluster.Fault(index, altcluster.Fault{"kind": "error", "status": 500})
	}
	lb := refreshed(t, cluster)
	cluster.ResetCounters()
	client := lb.NewDynamoDB(func(o *dynamodb.Options) { o.RetryMaxAttempts = 2 })
	if err := listTables(client); err == nil {
		t.Error("there was no error")
	}
	if nodes := nodesOfAttempts(t, cluster); len(nodes) != 2 {
		t.Errorf("attempts went to %v", nodes)
	}
	empty := retry.NewStandard(func(o *retry.StandardOptions) { o.RetryCost = 1000 })
	client = lb.NewDynamoDB(func(o *dynamodb.Options) { o.Retryer = empty })
	cluster.ResetCounters()
	if err := listTables(client); err == nil || !strings.Contains(err.Error(), "quota") {
		t.Errorf("an empty quota: %v", err)
	}
	if nodes := nodesOfAttempts(t, cluster); len(nodes) != 1 {
		t.Errorf("attempts went to %v", nodes)
	}
}

func TestOutageIsNotMultipliedByImmediateRetries(t *testing.T) {
	cluster := start(t)
	for index := range 3 {
		cluster.Fault(index, altcluster.Fault{"kind": "error", "status": 500})
	}
	options, asked := retrying(2, time.Millisecond)
	lb := refreshed(t, cluster, alb.WithHealth(false), alb.WithOption("retry.percent", "0"),
		alb.WithOption("retry.per_second", "0"),
		alb.WithOption("retry.burst", "3"))
	client := lb.NewDynamoDB(options)
	for range 10 {
		if err := listTables(client); err == nil {
			t.Error("there was no error")
		}
	}
	if asked.Load() != 7 {
		t.Errorf("%d of 10 retries waited; three are granted at once", asked.Load())
	}
}

func TestOutcomesAreReported(t *testing.T) {
	cluster := start(t, "--nodes", "1")
	once := func(o *dynamodb.Options) { o.RetryMaxAttempts = 1 }
	for _, test := range []struct {
		outcome string
		fault   altcluster.Fault
		options []alb.Option
	}{
		{"success", nil, nil},
		{"server_error", altcluster.Fault{"kind": "error", "status": 500}, nil},
		{"throttled", altcluster.Fault{"kind": "error", "status": 400, "error_type": "RequestLimitExceeded"}, nil},
		{"caller_fault", altcluster.Fault{"kind": "error", "status": 400, "error_type": "ValidationException"}, nil},
		{"reset", altcluster.Fault{"kind": "reset"}, nil},
		{"reset", altcluster.Fault{"kind": "half_reply", "ms": 20}, nil},
		{"refused", altcluster.Fault{"kind": "refuse"}, nil},
		{"timeout", altcluster.Fault{"kind": "hang"}, []alb.Option{alb.WithRequestTimeout(300 * time.Millisecond)}},
		{"refused", altcluster.Fault{"kind": "blackhole"}, []alb.Option{alb.WithConnectTimeout(300 * time.Millisecond)}},
	} {
		t.Run(fmt.Sprint(test.outcome, test.fault["kind"]), func(t *testing.T) {
			lb := refreshed(t, cluster, append(test.options, alb.WithOption("health.share", "handle"))...)
			if test.fault != nil {
				cluster.Fault(0, test.fault)
				defer cluster.Heal(0)
			}
			err := listTables(lb.NewDynamoDB(once))
			if (err == nil) != (test.outcome == "success") {
				t.Errorf("the error is %v", err)
			}
			if got := outcomes(t, lb); got[test.outcome] != 1 || total(got) != 1 {
				t.Errorf("reported: %v, of %v", got, err)
			}
		})
	}
}

func TestCancelledContextIsReportedAsCancelledAndAnExpiredOneAsATimeout(t *testing.T) {
	cluster := start(t, "--nodes", "1")
	for _, test := range []struct {
		outcome, fault string
		limited        func() (context.Context, context.CancelFunc)
	}{
		{"cancelled", "hang", cancelledSoon(t)},
		{"cancelled", "half_reply", cancelledSoon(t)},
		{"timeout", "hang", expiresSoon(t)},
		{"timeout", "half_reply", expiresSoon(t)},
	} {
		t.Run(test.outcome+" "+test.fault, func(t *testing.T) {
			lb := refreshed(t, cluster, alb.WithOption("health.share", "handle"))
			cluster.Fault(0, altcluster.Fault{"kind": test.fault})
			defer cluster.Heal(0)
			ctx, cancel := test.limited()
			defer cancel()
			_, err := lb.NewDynamoDB().ListTables(ctx, &dynamodb.ListTablesInput{})
			if err == nil || ctx.Err() == nil {
				t.Errorf("the error is %v", err)
			}
			if got := outcomes(t, lb); got[test.outcome] != 1 || total(got) != 1 {
				t.Errorf("reported %v", got)
			}
		})
	}
}

func cancelledSoon(t *testing.T) func() (context.Context, context.CancelFunc) {
	return func() (context.Context, context.CancelFunc) {
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(300*time.Millisecond, cancel)
		return ctx, cancel
	}
}

func expiresSoon(t *testing.T) func() (context.Context, context.CancelFunc) {
	return func() (context.Context, context.CancelFunc) {
		return context.WithTimeout(t.Context(), 300*time.Millisecond)
	}
}

func TestPanicOfATransportLeavesNoAttemptOpen(t *testing.T) {
	// Without a time limit: net/http's goroutine for it outlives a panic.
	lb, err := alb.NewAlternatorLB([]string{"127.0.0.1"}, alb.WithManualRefresh(), alb.WithOption("health.share", "handle"),
		alb.WithRequestTimeout(0), alb.WithHTTPTransportWrapper(func(http.RoundTripper) http.RoundTripper { return panicking{} }))
	must(t, err)
	defer lb.Close()
	func() {
		defer func() {
			if recover() == nil {
				t.Error("nothing panicked")
			}
		}()
		_ = listTables(lb.NewDynamoDB())
	}()
	if got := outcomes(t, lb); got["cancelled"] != 1 || total(got) != 1 {
		t.Errorf("reported %v", got)
	}
}

type panicking struct{}

func (panicking) RoundTrip(*http.Request) (*http.Response, error) { panic("a defect") }

// Command benches prints what a pick, a plan and a request cost, beside a bare SDK client whose transport answers at once.
// It ends with status 1 when a request costs more than the module promises.
package main

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"runtime"
	"slices"
	"strings"
	"testing"
	"text/tabwriter"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	smithyendpoints "github.com/aws/smithy-go/endpoints"

	alb "github.com/scylladb/alternator-lb/bindings/go"
	"github.com/scylladb/alternator-lb/bindings/go/internal/core"
)

// What a request may cost more than with a bare client.
const (
	mostTime        = 2 * time.Microsecond
	mostAllocations = 10
)

func main() {
	table := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', 0)
	fmt.Printf("%s, %d processors, core %s\n\n", runtime.Version(), runtime.NumCPU(), core.Version())
	fmt.Fprintln(table, "what\tns/op\tallocations\tns/op, all processors")
	calls(table)
	table.Flush()
	fmt.Println()
	if !requests() {
		os.Exit(1)
	}
}

func must[T any](value T, err error) T {
	if err != nil {
		panic(err)
	}
	return value
}

func calls(table io.Writer) {
	nodes := make([]string, 20)
	for i := range nodes {
		nodes[i] = fmt.Sprint("n", i)
	}
	handle := func(policy string) *core.Handle {
		return must(core.New([]core.Setting{{Key: "seeds", Value: strings.Join(nodes, ",")}, {Key: "discovery", Value: "static"},
			{Key: "refresh.mode", Value: "manual"}, {Key: "policy", Value: policy}}))
	}
	adaptive, random := handle("adaptive"), handle("random")
	balancer := must(alb.NewAlternatorLB(nodes, alb.WithManualRefresh(), alb.WithOption("discovery", "static")))
	defer balancer.Close()
	key := core.Key{Type: core.KeyString, Value: "some partition key"}
	row := func(what string, work func()) {
		alone := testing.Benchmark(func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				work()
			}
		})
		together := testing.Benchmark(func(b *testing.B) {
			b.RunParallel(func(pb *testing.PB) {
				for pb.Next() {
					work()
				}
			})
		})
		fmt.Fprintf(table, "%s\t%d\t%d\t%d\n", what, alone.NsPerOp(), alone.AllocsPerOp(), together.NsPerOp())
	}
	row("a call that does next to nothing", func() { adaptive.RefreshDue() })
	row("the generation word", func() { adaptive.Generation() })
	row("pick and report, adaptive", func() { adaptive.Report(adaptive.NextNode(), core.Success, time.Millisecond) })
	row("pick, random", func() { random.NextNode() })
	row("pick, random, a sixteenth of a batch", batched(random))
	row("pick, with its URL", func() { balancer.NextNode() })
	row("plan of three nodes", func() {
		var plan core.Plan
		adaptive.PlanStart(&plan)
		for range 3 {
			adaptive.Report(adaptive.PlanNext(&plan), core.Success, time.Millisecond)
		}
	})
	row("plan for a key, one node", func() {
		var plan core.Plan
		adaptive.PlanForKey(key, &plan)
		adaptive.Report(adaptive.PlanNext(&plan), core.Success, time.Millisecond)
	})
}

func batched(handle *core.Handle) func() {
	var room [core.PickBatch]int32
	calls := 0
	return func() {
		if calls++; calls%core.PickBatch == 0 {
			handle.NextNodes(&room)
		}
	}
}

// answering is a transport that answers at once.
type answering struct{}

func (answering) RoundTrip(request *http.Request) (*http.Response, error) {
	return &http.Response{
		StatusCode: http.StatusOK, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1, Header: http.Header{}, Request: request,
		Body: io.NopCloser(strings.NewReader("{}")),
	}, nil
}

func (a answering) Do(request *http.Request) (*http.Response, error) { return a.RoundTrip(request) }

func bare() *dynamodb.Client {
	return dynamodb.NewFromConfig(aws.Config{
		Region: "us-east-1", BaseEndpoint: aws.String("http://127.0.0.1:8000"), HTTPClient: answering{},
		Credentials: credentials.NewStaticCredentialsProvider("key", "secret", ""),
	})
}

// fixed is the cheapest resolver there is; the SDK's own evaluates rules.
type fixed struct{ endpoint smithyendpoints.Endpoint }

func (f fixed) ResolveEndpoint(context.Context, dynamodb.EndpointParameters) (smithyendpoints.Endpoint, error) {
	return f.endpoint, nil
}

func bareFixed() *dynamodb.Client {
	options := bare().Options()
	options.EndpointResolverV2 = fixed{smithyendpoints.Endpoint{URI: *must(url.Parse("http://127.0.0.1:8000"))}}
	return dynamodb.New(options)
}

func balanced(options ...alb.Option) (*dynamodb.Client, func()) {
	lb := must(alb.NewAlternatorLB([]string{"127.0.0.1", "127.0.0.2", "127.0.0.3"}, append(options, alb.WithManualRefresh(),
		alb.WithOption("discovery", "static"), alb.WithCredentials("key", "secret"),
		alb.WithAWSConfigOptions(func(cfg *aws.Config) { cfg.HTTPClient = answering{} }))...))
	return lb.NewDynamoDB(), lb.Close
}

// requests compares clients round by round, so that what else the machine does hits them all.
func requests() (kept bool) {
	plain, closePlain := balanced()
	defer closePlain()
	byKey, closeByKey := balanced(alb.WithAffinity(alb.AffinityAnyWrite), alb.WithTableKeys(map[string]string{"items": "pk"}))
	defer closeByKey()
	clients := []*dynamodb.Client{bareFixed(), bare(), plain, byKey}
	names := []string{"bare client with a fixed endpoint", "bare client", "alb", "alb, key affinity"}
	times, allocations := make([][]time.Duration, len(clients)), make([]int64, len(clients))
	for range 9 {
		for i, client := range clients {
			result := testing.Benchmark(func(b *testing.B) {
				b.ReportAllocs()
				for b.Loop() {
					put(client)
				}
			})
			times[i] = append(times[i], time.Duration(result.NsPerOp()))
			allocations[i] = result.AllocsPerOp()
		}
	}
	table := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "PutItem of one item, best of 9\tus\tallocations\tus more\tallocations more")
	kept = true
	for i, name := range names {
		more, moreAllocations := slices.Min(times[i])-slices.Min(times[0]), allocations[i]-allocations[0]
		fmt.Fprintf(table, "%s\t%.2f\t%d\t%+.2f\t%+d\n", name, float64(slices.Min(times[i]))/1e3, allocations[i],
			float64(more)/1e3, moreAllocations)
		if i > 1 && (more > mostTime || moreAllocations > mostAllocations) {
			fmt.Fprintf(os.Stderr, "%s costs more than %v and %d allocations over a bare client\n", name, mostTime, mostAllocations)
			kept = false
		}
	}
	table.Flush()
	return kept
}

var item = map[string]types.AttributeValue{
	"pk": &types.AttributeValueMemberS{Value: "some partition key"}, "value": &types.AttributeValueMemberN{Value: "42"},
}

func put(client *dynamodb.Client) {
	if _, err := client.PutItem(context.Background(), &dynamodb.PutItemInput{TableName: aws.String("items"),
		Item: item}); err != nil {
		panic(err)
	}
}

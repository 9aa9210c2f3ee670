package alb_test

import (
	"context"
	"errors"
	"net/url"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	alb "github.com/scylladb/alternator-lb/bindings/go"
	"github.com/scylladb/alternator-lb/bindings/go/internal/altcluster"
)

func TestRequestsSpreadOverNodesThatWereDiscovered(t *testing.T) {
	cluster := start(t)
	lb, err := alb.NewAlternatorLB(cluster.Seeds()[:1], alb.WithPort(cluster.Port), alb.WithPolicy(alb.RoundRobin))
	must(t, err)
	t.Cleanup(lb.Close)
	client := lb.NewDynamoDB()
	altcluster.Eventually(t, "three nodes are known", func() bool { return len(lb.Nodes()) == 3 })
	cluster.ResetCounters()
	createTable(t, client)
	for range 59 {
		must(t, put(client, "key", "value"))
	}
	for index, count := range cluster.Requests() {
		if count < 15 || count > 25 {
			t.Errorf("node %d got %d of 60 requests", index, count)
		}
	}
	if got := get(t, client, "key"); got != "value" {
		t.Errorf("read %q", got)
	}
}

func TestNodesThatJoinAndLeaveAreNoticedWithoutAnyCall(t *testing.T) {
	cluster := start(t)
	lb := balance(t, cluster, alb.WithRefreshIntervals(100e6, 100e6))
	altcluster.Eventually(t, "three nodes are known", func() bool { return len(lb.Nodes()) == 3 })
	added := cluster.Add()
	altcluster.Eventually(t, "the new node is known", func() bool { return len(lb.Nodes()) == 4 })
	cluster.Remove(0)
	altcluster.Eventually(t, "the old node is gone", func() bool { return len(lb.Nodes()) == 3 })
	for _, node := range lb.Nodes() {
		if node.Host == hostOf(cluster.Nodes[0].URL) {
			t.Errorf("%v is still listed", node)
		}
	}
	if added.URL == "" {
		t.Error("the cluster does not tell the URL of a new node")
	}
}

func TestRackAndDatacenterAreKept(t *testing.T) {
	cluster := start(t, "--nodes", "4", "--topology", "dc1/r1,dc1/r2,dc2/r1,dc2/r2")
	for _, test := range []struct {
		name    string
		options []alb.Option
		served  []bool
	}{
		{"datacenter", []alb.Option{alb.WithDatacenter("dc2")}, []bool{false, false, true, true}},
		{"rack", []alb.Option{alb.WithRack("r2"), alb.WithDatacenter("dc1"), alb.WithOption("rack", "strict")},
			[]bool{false, true, false, false}},
		{"scope", []alb.Option{alb.WithRoutingScope(alb.RackScope("dc1", "gone"), alb.DatacenterScope("dc1"), alb.ClusterScope())},
			[]bool{true, true, false, false}},
		{"cluster", nil, []bool{true, true, true, true}},
	} {
		t.Run(test.name, func(t *testing.T) {
			lb := refreshed(t, cluster, append(test.options, alb.WithPolicy(alb.Random))...)
			client := lb.NewDynamoDB()
			cluster.ResetCounters()
			for range 60 {
				must(t, listTables(client))
			}
			for index, count := range cluster.Requests() {
				if test.served[index] != (count > 0) {
					t.Errorf("node %d got %d requests", index, count)
				}
			}
		})
	}
}

func TestScopeThatIsEmptyFallsBackAndReturns(t *testing.T) {
	cluster := start(t, "--nodes", "2", "--topology", "dc1/r1,dc2/r1", "--gossip-delay-ms", "0")
	lb := balance(t, cluster, alb.WithRefreshIntervals(100e6, 100e6), alb.WithRoutingScope(alb.DatacenterScope("dc1"),
		alb.ClusterScope()))
	serves := func(index int) func() bool {
		return func() bool {
			nodes := lb.Nodes()
			return len(nodes) == 1 && nodes[0].Host == hostOf(cluster.Nodes[index].URL)
		}
	}
	altcluster.Eventually(t, "the first datacenter serves", serves(0))
	cluster.Kill(0)
	altcluster.Eventually(t, "the second datacenter serves", serves(1))
	must(t, listTables(lb.NewDynamoDB()))
	cluster.Restart(0)
	altcluster.Eventually(t, "the first datacenter serves again", serves(0))
}

func TestScopeIsChecked(t *testing.T) {
	cluster := start(t, "--topology", "dc1/r1")
	good := refreshed(t, cluster, alb.WithDatacenter("dc1"), alb.WithRack("r1"))
	must(t, good.CheckIfRackAndDatacenterSetCorrectly())
	supported, err := good.CheckIfRackDatacenterFeatureIsSupported()
	if !supported || err != nil {
		t.Errorf("supported: %v, %v", supported, err)
	}
	for _, rack := range []string{"R1", "r/1>"} {
		bad := balance(t, cluster, alb.WithManualRefresh(), alb.WithDatacenter("dc1"), alb.WithRack(rack))
		if err := bad.CheckIfRackAndDatacenterSetCorrectly(); !errors.Is(err, alb.ErrScopeUnknown) {
			t.Errorf("rack %q: %v", rack, err)
		}
	}
	cluster.Settings(map[string]any{"old_server": true})
	if supported, err := good.CheckIfRackDatacenterFeatureIsSupported(); supported || err != nil {
		t.Errorf("an old server: %v, %v", supported, err)
	}
	if err := good.CheckIfRackAndDatacenterSetCorrectly(); !errors.Is(err, alb.ErrUnsupported) {
		t.Errorf("an old server: %v", err)
	}
}

func TestQuestionsEndWithTheirContext(t *testing.T) {
	lb, err := alb.NewAlternatorLB([]string{"127.0.0.1"}, alb.WithManualRefresh(), alb.WithPort(1))
	must(t, err)
	defer lb.Close()
	cancelled, cancel := context.WithCancel(t.Context())
	cancel()
	if err := lb.Refresh(cancelled); !errors.Is(err, context.Canceled) {
		t.Errorf("refresh: %v", err)
	}
	if err := lb.Refresh(t.Context()); !errors.Is(err, alb.ErrUnreachable) {
		t.Errorf("nobody there: %v", err)
	}
}

func TestRefreshThatNobodyAnswersEndsWithItsContextOrItsBalancer(t *testing.T) {
	cluster := start(t, "--nodes", "1")
	cluster.Fault(0, altcluster.Fault{"kind": "hang", "path": "any"})
	lb := balance(t, cluster, alb.WithDiscoveryTimeout(time.Minute), alb.WithManualRefresh())
	short, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
	defer cancel()
	if err := lb.Refresh(short); !errors.Is(err, context.DeadlineExceeded) || !errors.Is(err, alb.ErrTimeout) {
		t.Errorf("a deadline: %v", err)
	}
	time.AfterFunc(300*time.Millisecond, lb.Close)
	if err := lb.Refresh(t.Context()); !errors.Is(err, alb.ErrClosed) {
		t.Errorf("a close: %v", err)
	}
}

func TestNextNodeGivesNodesInTurn(t *testing.T) {
	cluster := start(t)
	lb := refreshed(t, cluster, alb.WithPolicy(alb.RoundRobin))
	seen := make(map[string]int)
	for range 30 {
		node := lb.NextNode()
		seen[node.String()]++
	}
	for _, node := range cluster.Nodes {
		// Each thread of the process takes its own turns.
		if seen[node.URL] < 5 {
			t.Errorf("%s came %d times of 30", node.URL, seen[node.URL])
		}
	}
}

func TestClosedBalancerRefusesRequestsWithAnErrorOfItsOwn(t *testing.T) {
	cluster := start(t, "--nodes", "1")
	lb := balance(t, cluster)
	client := lb.NewDynamoDB()
	must(t, listTables(client))
	lb.Close()
	lb.Close()
	if err := listTables(client); !errors.Is(err, alb.ErrClosed) {
		t.Errorf("a request: %v", err)
	}
	if err := lb.Refresh(t.Context()); !errors.Is(err, alb.ErrClosed) {
		t.Errorf("a refresh: %v", err)
	}
	if node := lb.NextNode(); node != (url.URL{}) {
		t.Errorf("a node: %v", node)
	}
}

func TestConfigurationsAndOptionsArePatched(t *testing.T) {
	cluster := start(t)
	lb := refreshed(t, cluster, alb.WithPolicy(alb.RoundRobin))
	cfg := aws.Config{}
	lb.PatchConfig(&cfg)
	for name, client := range map[string]*dynamodb.Client{
		"configuration": dynamodb.NewFromConfig(cfg),
		"resolver":      dynamodb.NewFromConfig(aws.Config{}, lb.WithEndpointResolverV2()),
		"both":          dynamodb.NewFromConfig(cfg, lb.WithEndpointResolverV2()),
		"options":       dynamodb.New(dynamodb.Options{}, lb.Patch),
	} {
		t.Run(name, func(t *testing.T) {
			cluster.ResetCounters()
			for range 30 {
				must(t, listTables(client))
			}
			for index, count := range cluster.Requests() {
				if count == 0 {
					t.Errorf("node %d got no request", index)
				}
			}
		})
	}
}

func hostOf(text string) string {
	parsed, err := url.Parse(text)
	if err != nil {
		panic(err)
	}
	return parsed.Host
}

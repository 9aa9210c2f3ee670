package alb_test

import (
	"bytes"
	"log/slog"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"go.uber.org/goleak"

	alb "github.com/scylladb/alternator-lb/bindings/go"
	"github.com/scylladb/alternator-lb/bindings/go/internal/altcluster"
)

func TestCloseWaitsForNoNodeThatHangs(t *testing.T) {
	before := goleak.IgnoreCurrent()
	cluster := start(t, "--nodes", "2")
	for index := range 2 {
		cluster.Fault(index, altcluster.Fault{"kind": "hang", "path": "any"})
	}
	lb := balance(t, cluster, alb.WithDiscoveryTimeout(time.Minute), alb.WithOption("discovery.stall_ms", "60000"))
	altcluster.Eventually(t, "discovery has asked", func() bool {
		counters := cluster.Counters()
		return counters.Nodes[0].LocalNodes+counters.Nodes[1].LocalNodes > 0
	})
	closed := make(chan struct{})
	go func() {
		lb.Close()
		close(closed)
	}()
	select {
	case <-closed:
	case <-time.After(30 * time.Second):
		t.Fatal("it still waits")
	}
	if err := goleak.Find(before, goleak.IgnoreTopFunction("os/exec.(*Cmd).Start.func2"),
		goleak.IgnoreAnyFunction("os/exec.(*Cmd).watchCtx"),
		goleak.IgnoreTopFunction("os/exec.(*Cmd).writerDescriptor.func1")); err != nil {
		t.Error(err)
	}
}

// lingering is a transport that takes its time to give up.
type lingering struct{ open atomic.Int32 }

func (l *lingering) RoundTrip(request *http.Request) (*http.Response, error) {
	l.open.Add(1)
	defer l.open.Add(-1)
	<-request.Context().Done()
	time.Sleep(100 * time.Millisecond)
	return nil, request.Context().Err()
}

func TestNothingIsLeftRunningWhenCloseReturns(t *testing.T) {
	transport := new(lingering)
	lb, err := alb.NewAlternatorLB([]string{"127.0.0.1"}, alb.WithOption("discovery.stall_ms", "2000"),
		alb.WithHTTPTransportWrapper(func(http.RoundTripper) http.RoundTripper { return transport }))
	must(t, err)
	altcluster.Eventually(t, "discovery asks", func() bool { return transport.open.Load() > 0 })
	lb.Close()
	if open := transport.open.Load(); open != 0 {
		t.Errorf("%d requests of discovery go on", open)
	}
}

func TestWhatHappenedLastIsLoggedByClose(t *testing.T) {
	log := new(guarded)
	lb, err := alb.NewAlternatorLB([]string{"127.0.0.1", "127.0.0.2"}, alb.WithPort(1), alb.WithManualRefresh(),
		alb.WithLogger(slog.New(slog.NewTextHandler(log, nil))), alb.WithOption("health.share", "handle"))
	must(t, err)
	if err := listTables(lb.NewDynamoDB(func(o *dynamodb.Options) { o.RetryMaxAttempts = 1 })); err == nil {
		t.Error("somebody answered")
	}
	lb.Close()
	if !strings.Contains(log.text(), `msg="node set aside"`) {
		t.Errorf("logged: %q", log.text())
	}
}

func TestManualModeStartsNoGoroutine(t *testing.T) {
	before := goleak.IgnoreCurrent()
	lb, err := alb.NewAlternatorLB([]string{"127.0.0.1"}, alb.WithManualRefresh())
	must(t, err)
	lb.NewDynamoDB()
	if err := goleak.Find(before); err != nil {
		t.Error(err)
	}
	lb.Close()
}

func TestHungSeedDoesNotDelayDiscovery(t *testing.T) {
	cluster := start(t)
	cluster.Stop(0)
	lb := balance(t, cluster, alb.WithDiscoveryTimeout(time.Minute))
	altcluster.Eventually(t, "the list is known", func() bool {
		var statistics struct {
			ListKnown bool `json:"list_known"`
		}
		read(t, lb, &statistics)
		return statistics.ListKnown
	})
}

func TestFirstRequestAfterAPauseMakesARefreshDue(t *testing.T) {
	cluster := start(t)
	lb := balance(t, cluster, alb.WithRefreshIntervals(100*time.Millisecond, time.Hour))
	client := lb.NewDynamoDB()
	rounds := func() int {
		var statistics struct{ Refresh struct{ Rounds int } }
		read(t, lb, &statistics)
		return statistics.Refresh.Rounds
	}
	due := func() float64 {
		var statistics struct {
			Refresh struct {
				Due float64 `json:"due_in_ms"`
			}
		}
		read(t, lb, &statistics)
		return statistics.Refresh.Due
	}
	altcluster.Eventually(t, "discovery has gone to sleep", func() bool { return rounds() > 0 && due() > 60_000 })
	before := rounds()
	added := cluster.Add()
	altcluster.Eventually(t, "a request wakes it", func() bool {
		must(t, listTables(client))
		return rounds() > before && len(lb.Nodes()) == 4
	})
	if added.Index != 3 {
		t.Errorf("the node added is %+v", added)
	}
}

func TestEventsAreLoggedAndHandedOut(t *testing.T) {
	cluster := start(t)
	log := new(guarded)
	lb := balance(t, cluster, alb.WithLogger(slog.New(slog.NewTextHandler(log, nil))))
	altcluster.Eventually(t, "discovery is logged", func() bool {
		return strings.Contains(log.text(), `level=INFO msg="node joined" at=`+cluster.Nodes[0].URL) ||
			strings.Contains(log.text(), "msg=refreshed")
	})
	cluster.Kill(0)
	client := lb.NewDynamoDB()
	altcluster.Eventually(t, "what went wrong is logged as a warning", func() bool {
		must(t, listTables(client))
		return strings.Contains(log.text(), `level=WARN msg="node set aside" at=`+cluster.Nodes[0].URL)
	})
	kinds := make(map[string]bool)
	for _, event := range lb.Events() {
		kinds[event.Kind] = true
		if event.UnixMS == 0 || event.Sequence == 0 {
			t.Errorf("an event is %+v", event)
		}
	}
	if !kinds["refreshed"] || !kinds["node_set_aside"] {
		t.Errorf("handed out: %v", kinds)
	}
	if again := lb.Events(); len(again) > 0 && again[0].Kind == "refreshed" {
		t.Errorf("handed out twice: %+v", again)
	}
}

func TestSecretsAreNotLogged(t *testing.T) {
	cluster := start(t, "--nodes", "1", "--auth", "enforce")
	log := new(guarded)
	lb := balance(t, cluster, alb.WithLogger(slog.New(slog.NewTextHandler(log, &slog.HandlerOptions{Level: slog.LevelDebug}))),
		alb.WithCredentials("alternator", "secret"))
	must(t, listTables(lb.NewDynamoDB()))
	statistics, err := lb.Statistics()
	must(t, err)
	lb.Close()
	if strings.Contains(log.text(), "secret") || bytes.Contains(statistics, []byte("secret")) {
		t.Error("the secret is told")
	}
}

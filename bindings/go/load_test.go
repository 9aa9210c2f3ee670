package alb_test

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	alb "github.com/scylladb/alternator-lb/bindings/go"
	"github.com/scylladb/alternator-lb/bindings/go/internal/altcluster"
)

const workers = 64

// load is 64 goroutines that write and read until it is ended.
type load struct {
	done    atomic.Int64
	stopped atomic.Bool
	workers sync.WaitGroup
	mutex   sync.Mutex
	errors  []error
}

func (l *load) start(client *dynamodb.Client) *load {
	for worker := range workers {
		l.workers.Add(1)
		go func() {
			defer l.workers.Done()
			for round := 0; !l.stopped.Load(); round++ {
				key := fmt.Sprint(worker, "-", round)
				if err := put(client, key, "v"); err != nil {
					l.fail(fmt.Errorf("writing %s: %w", key, err))
				}
				if err := listTables(client); err != nil {
					l.fail(err)
				}
				l.done.Add(1)
			}
		}()
	}
	return l
}

func (l *load) fail(err error) {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	l.errors = append(l.errors, err)
}

// moves waits for so many more rounds.
func (l *load) moves(t *testing.T, rounds int64) {
	t.Helper()
	goal := l.done.Load() + rounds
	altcluster.Eventually(t, "the load moves on", func() bool { return l.done.Load() >= goal })
}

func (l *load) end(t *testing.T) {
	t.Helper()
	l.stopped.Store(true)
	l.workers.Wait()
	for i, err := range l.errors {
		if i == 5 {
			t.Errorf("and %d more", len(l.errors)-i)
			break
		}
		t.Error(err)
	}
}

func TestNodesDieHangAndReturnUnderLoadWithoutErrors(t *testing.T) {
	cluster := start(t, "--nodes", "4", "--gossip-delay-ms", "600000")
	// A busy machine takes its time, but a process that is stopped takes for ever.
	lb := balance(t, cluster, alb.WithRequestTimeout(4*time.Second))
	altcluster.Eventually(t, "four nodes are known", func() bool { return len(lb.Nodes()) == 4 })
	client := lb.NewDynamoDB(func(o *dynamodb.Options) { o.RetryMaxAttempts = 5 })
	createTable(t, client)
	running := new(load).start(client)
	aside := func(count int) func() bool { return func() bool { return len(lb.NodesSetAside()) == count } }
	running.moves(t, workers)

	cluster.Kill(1)
	altcluster.Eventually(t, "the dead node is set aside", aside(1))
	running.moves(t, workers)
	cluster.Restart(1)
	altcluster.Eventually(t, "it is back", aside(0))
	running.moves(t, workers)

	cluster.Stop(2)
	altcluster.Eventually(t, "the hung node is set aside", aside(1))
	running.moves(t, workers)
	cluster.Continue(2)
	altcluster.Eventually(t, "it is back as well", aside(0))
	running.moves(t, workers)

	added := cluster.Add()
	cluster.Remove(0)
	altcluster.Eventually(t, "the new node serves", func() bool {
		requests := cluster.Requests()
		return requests[added.Index] > 0
	})
	running.moves(t, workers)
	running.end(t)
	t.Logf("%d rounds", running.done.Load())
}

func TestTopologyThatChangesAllTheTimeUnderManyGoroutines(t *testing.T) {
	cluster := start(t, "--nodes", "6", "--engine", "canned")
	lb := balance(t, cluster, alb.WithRefreshIntervals(100*time.Millisecond, 100*time.Millisecond), anyWrite)
	client := lb.NewDynamoDB()
	running := new(load).start(client)
	ctx, cancel := context.WithCancel(t.Context())
	var beside sync.WaitGroup
	repeat := func(work func(round int)) {
		beside.Add(1)
		go func() {
			defer beside.Done()
			for round := 0; ctx.Err() == nil; round++ {
				work(round)
			}
		}()
	}
	repeat(func(round int) {
		listed := []string{cluster.Nodes[round%6].Address, cluster.Nodes[(round+1)%6].Address, cluster.Nodes[(round/6)%6].Address}
		for index := range cluster.Nodes {
			cluster.LocalNodes(index, map[string]any{"nodes": listed})
		}
		time.Sleep(10 * time.Millisecond)
	})
	repeat(func(int) { _ = lb.Refresh(ctx) })
	repeat(func(int) {
		lb.NextNode()
		lb.Nodes()
		lb.NodesSetAside()
		lb.Events()
		_, _ = lb.Statistics()
		time.Sleep(time.Millisecond)
	})
	changes := lb.Generation()
	altcluster.Eventually(t, "the list has changed fifty times", func() bool { return lb.Generation() > changes+50 })
	running.moves(t, 5*workers)
	cancel()
	beside.Wait()
	running.end(t)
}

func TestCloseDuringRequestsEndsThemAllOrRefusesThem(t *testing.T) {
	cluster := start(t, "--engine", "canned")
	lb := balance(t, cluster)
	client := lb.NewDynamoDB()
	var served, refused atomic.Int64
	var workersDone sync.WaitGroup
	for range workers {
		workersDone.Add(1)
		go func() {
			defer workersDone.Done()
			for {
				if err := listTables(client); err != nil {
					refused.Add(1)
					return
				}
				served.Add(1)
			}
		}()
	}
	altcluster.Eventually(t, "requests are served", func() bool { return served.Load() > 10*workers })
	lb.Close()
	workersDone.Wait()
	if refused.Load() != workers {
		t.Errorf("%d goroutines ended", refused.Load())
	}
	if got := outcomes(t, lb); got["success"] != int(served.Load()) || total(got) != int(served.Load()) {
		t.Errorf("%d were served, reported are %v", served.Load(), got)
	}
}

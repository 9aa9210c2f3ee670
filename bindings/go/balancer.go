package alb

import (
	"context"
	"log/slog"
	"net/http"
	"sync"
	"sync/atomic"

	smithyendpoints "github.com/aws/smithy-go/endpoints"

	"github.com/scylladb/alternator-lb/bindings/go/internal/core"
)

// balancer is what an AlternatorLB and those derived from it share: the core, what drives its discovery, and what runs
// beside requests.
type balancer struct {
	handle *core.Handle
	picks  *picks
	driver *driver
	log    *slog.Logger
	// manual: nothing is done but by Refresh. byKey: writes may go to the node of their partition key.
	manual, byKey bool

	closed   atomic.Bool
	nextLook atomic.Int64
	// The client that last asked for tables' keys.
	described atomic.Pointer[client]

	ctx    context.Context
	cancel context.CancelFunc
	mutex  sync.Mutex // orders what begins and close
	beside sync.WaitGroup
	// Ends the goroutine that refreshes; nil while none runs.
	refreshing func()
	// Whose idle connections are to be closed.
	clients []*http.Client
}

func newBalancer(s *settings) (*balancer, error) {
	handle, err := core.New(s.coreSettings())
	if err != nil {
		return nil, err
	}
	b := &balancer{handle: handle, picks: newPicks(handle, s), log: s.log, manual: s.manual, byKey: s.byKey()}
	b.ctx, b.cancel = context.WithCancel(context.Background())
	fetcher := &http.Client{
		Transport:     s.wrapped(s.transport(1)),
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	b.driver = newDriver(handle, fetcher, s.agentOfDiscovery(), newEventLog(handle, s.log))
	if !s.manual {
		b.startRefresh()
	}
	return b, nil
}

// startRefresh begins the goroutine that refreshes, unless it runs.
func (b *balancer) startRefresh() {
	b.mutex.Lock()
	defer b.mutex.Unlock()
	if b.refreshing != nil || b.closed.Load() {
		return
	}
	ctx, cancel := context.WithCancel(b.ctx)
	ended := make(chan struct{})
	b.refreshing = func() {
		cancel()
		<-ended
	}
	go func() {
		defer close(ended)
		b.driver.run(ctx)
	}()
}

func (b *balancer) stopRefresh() {
	b.mutex.Lock()
	defer b.mutex.Unlock()
	if b.refreshing != nil {
		b.refreshing()
		b.refreshing = nil
	}
}

// spawn runs something beside the requests; it ends before close returns. Nothing is begun once that was called.
func (b *balancer) spawn(work func(context.Context)) {
	b.mutex.Lock()
	defer b.mutex.Unlock()
	if b.closed.Load() {
		return
	}
	b.beside.Add(1)
	go func() {
		defer b.beside.Done()
		work(b.ctx)
	}()
}

func (b *balancer) close() {
	b.mutex.Lock()
	first := b.closed.CompareAndSwap(false, true)
	b.mutex.Unlock()
	b.cancel()
	b.stopRefresh()
	b.beside.Wait()
	if first {
		b.driver.close()
		for _, client := range b.clients {
			client.CloseIdleConnections()
		}
	}
}

// keep has a client's idle connections closed at the end.
func (b *balancer) keep(client *http.Client) {
	b.mutex.Lock()
	defer b.mutex.Unlock()
	b.clients = append(b.clients, client)
}

func (b *balancer) anyEndpoint() smithyendpoints.Endpoint {
	var endpoint smithyendpoints.Endpoint
	if nodes, err := b.handle.Listed(); err == nil && len(nodes) > 0 {
		endpoint.URI = nodes[0].URL
	}
	return endpoint
}

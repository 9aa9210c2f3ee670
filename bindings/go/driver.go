package alb

import (
	"context"
	"io"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"github.com/scylladb/alternator-lb/bindings/go/internal/core"
)

// driver drives the core's discovery: the core says what to fetch and when, here is only the I/O. By our own client, because what a
// program says of TLS may be a pool, a certificate or a function in its memory.
type driver struct {
	handle  *core.Handle
	client  *http.Client
	agent   string
	events  *eventLog
	asleep  atomic.Bool   // for longer than it would be while requests flow
	woken   chan struct{} // there may be something to do
	turning sync.Mutex    // held by who asks the core for work
}

const (
	// The longest sleep that a request need not interrupt.
	shortSleep = time.Second
	// Where the core says "now" and has nothing to fetch, somebody else is at it.
	othersAtIt = 10 * time.Millisecond
	// The longest sleep of all, and so the most that a line of the log comes late while nothing is fetched.
	longestSleep = time.Minute
)

func newDriver(handle *core.Handle, client *http.Client, agent string, events *eventLog) *driver {
	return &driver{handle: handle, client: client, agent: agent, events: events, woken: make(chan struct{}, 1)}
}

// run is the goroutine that keeps the list of nodes fresh until the context ends.
func (d *driver) run(ctx context.Context) {
	var fetches sync.WaitGroup
	defer fetches.Wait()
	// A request has interrupted a sleep, and nothing came of it: the next ones need not.
	interrupted := false
	for ctx.Err() == nil {
		if d.begin(ctx, &fetches) {
			interrupted = false
		}
		d.events.forward()
		wait := max(min(d.handle.RefreshDue(), longestSleep), othersAtIt)
		d.asleep.Store(wait > shortSleep && !interrupted)
		d.sleep(ctx, wait)
		interrupted = interrupted || wait > shortSleep && !d.asleep.Swap(false)
	}
}

// begin starts all fetches that the core wants now, if any.
func (d *driver) begin(ctx context.Context, fetches *sync.WaitGroup) (begun bool) {
	d.turning.Lock()
	defer d.turning.Unlock()
	for {
		fetch, wanted := d.handle.DiscoveryNext()
		if !wanted {
			return begun
		}
		begun = true
		fetches.Add(1)
		go func() {
			defer fetches.Done()
			d.fetch(ctx, fetch)
			d.wake()
		}()
	}
}

// sleep returns after the time, or when there may be something to do earlier.
func (d *driver) sleep(ctx context.Context, wait time.Duration) {
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-d.woken:
	case <-ctx.Done():
	}
}

// idle tells whether no request was expected: the next one is then to be seen by the core, and to be followed by rouse.
func (d *driver) idle() bool { return d.asleep.Load() }

// rouse tells that a request is on its way, which after a pause makes a refresh due.
func (d *driver) rouse() {
	if d.asleep.CompareAndSwap(true, false) {
		d.wake()
	}
}

func (d *driver) wake() {
	select {
	case d.woken <- struct{}{}:
	default:
	}
}

func (d *driver) fetch(ctx context.Context, fetch core.Fetch) {
	within, cancel := context.WithTimeout(ctx, fetch.Timeout)
	defer cancel()
	status, body, err := d.get(within, fetch.URL)
	switch {
	case ctx.Err() != nil:
		d.handle.DiscoveryFail(fetch, core.Cancelled)
	case err != nil:
		outcome := transportOutcome(err)
		if outcome == core.Cancelled {
			outcome = core.Reset
		}
		d.handle.DiscoveryFail(fetch, outcome)
	default:
		d.handle.DiscoveryFeed(fetch, status, body)
	}
}

// get fetches so much of a body that the core sees when it is too long.
func (d *driver) get(ctx context.Context, url string) (int, []byte, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return 0, nil, err
	}
	request.Header.Set("User-Agent", d.agent)
	response, err := d.client.Do(request)
	if err != nil {
		return 0, nil, err
	}
	defer response.Body.Close()
	body, err := io.ReadAll(io.LimitReader(response.Body, core.MostBytes))
	return response.StatusCode, body, err
}

func (d *driver) close() {
	d.events.forward()
	d.client.CloseIdleConnections()
}

package alb

import (
	"context"
	"encoding/json"
	"fmt"
	"net/url"
	"slices"
	"time"

	"github.com/scylladb/alternator-lb/bindings/go/internal/core"
)

// The longest that a question to the cluster takes.
const questionTimeout = 10 * time.Second

// AlternatorLB knows the nodes of a cluster and makes DynamoDB clients that use them all.
type AlternatorLB struct {
	*balancer
	sdk  *sdk
	wire *wire
	// What it was made with, for those derived from it.
	settings *settings
}

// NewAlternatorLB makes a balancer that begins with some nodes and discovers the others: host, host:port, an IPv6 address,
// or a name that stands for several. There is no I/O here but the reading of files that options name; requests go to these
// nodes until the others are known. Close it when it is not needed any more.
func NewAlternatorLB(nodes []string, options ...Option) (*AlternatorLB, error) {
	s, err := newSettings(nodes, options)
	if err != nil {
		return nil, err
	}
	b, err := newBalancer(s)
	if err != nil {
		return nil, err
	}
	b.keep(s.client)
	return &AlternatorLB{balancer: b, sdk: &s.sdk, wire: newWire(b.handle, &s.sdk), settings: s}, nil
}

// Derive gives a balancer that shares the nodes, and all that is known of them, and differs in what concerns clients:
// credentials, region, AWSConfigOptions, the User-Agent, timeouts and connections. Other options have no effect. Closing
// one closes both.
func (lb *AlternatorLB) Derive(options ...Option) (*AlternatorLB, error) {
	s := *lb.settings
	s.core = slices.Clip(s.core)
	for _, option := range options {
		option(&s)
	}
	s.http.finish(&s)
	if s.err != nil {
		return nil, s.err
	}
	lb.balancer.keep(s.client)
	return &AlternatorLB{balancer: lb.balancer, sdk: &s.sdk, wire: newWire(lb.handle, &s.sdk), settings: &s}, nil
}

// WithCredentials gives a balancer for the same nodes whose clients sign their requests.
func (lb *AlternatorLB) WithCredentials(key, secret string) *AlternatorLB {
	derived, changed := *lb, *lb.sdk
	changed.key, changed.secret = key, secret
	derived.sdk = &changed
	return &derived
}

// Close ends the goroutine that refreshes, and drops idle connections. Requests under way finish; later ones get ErrClosed,
// also those of balancers derived from this one.
func (lb *AlternatorLB) Close() { lb.balancer.close() }

// StopRefresh ends the goroutine that refreshes, until StartRefresh: requests go on over the nodes that are known.
func (lb *AlternatorLB) StopRefresh() { lb.balancer.stopRefresh() }

// StartRefresh starts the goroutine that refreshes, unless it runs. NewAlternatorLB has done so, but WithManualRefresh.
func (lb *AlternatorLB) StartRefresh() { lb.balancer.startRefresh() }

// Nodes gives the URLs of the nodes that requests are routed over, those set aside included.
func (lb *AlternatorLB) Nodes() []url.URL {
	return lb.nodesWhere(func(*core.Node) bool { return true })
}

// ActiveNodes gives the URLs of the nodes that are not set aside.
func (lb *AlternatorLB) ActiveNodes() []url.URL {
	return lb.nodesWhere(func(node *core.Node) bool { return !lb.handle.IsSetAside(node.ID) })
}

// NodesSetAside gives the URLs of the nodes that are chosen only when all others were tried.
func (lb *AlternatorLB) NodesSetAside() []url.URL {
	return lb.nodesWhere(func(node *core.Node) bool { return lb.handle.IsSetAside(node.ID) })
}

func (lb *AlternatorLB) nodesWhere(keep func(*core.Node) bool) []url.URL {
	nodes, _ := lb.handle.Listed() // the core's own numbers are known to it
	urls := make([]url.URL, 0, len(nodes))
	for _, node := range nodes {
		if keep(node) {
			urls = append(urls, node.URL)
		}
	}
	return urls
}

// NextNode gives the node for a request of another HTTP client; an empty URL if there is none.
func (lb *AlternatorLB) NextNode() url.URL {
	if lb.closed.Load() {
		return url.URL{}
	}
	id := lb.picks.next(true)
	lb.driver.rouse()
	node, err := lb.handle.Node(id)
	if err != nil {
		return url.URL{}
	}
	return node.URL
}

// Refresh renews the list of nodes now, probes nodes that were set aside, and describes tables whose keys are wanted.
// It takes ten seconds at most.
func (lb *AlternatorLB) Refresh(ctx context.Context) error {
	if lb.closed.Load() {
		return ErrClosed
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	within, cancel := context.WithTimeout(ctx, questionTimeout)
	defer cancel()
	defer context.AfterFunc(lb.ctx, cancel)() // Close ends it
	err := lb.driver.round(within)
	switch {
	case err != nil && lb.closed.Load():
		return ErrClosed
	case err != nil && ctx.Err() != nil:
		return fmt.Errorf("%w: %w", err, ctx.Err())
	}
	lb.driver.events.forward()
	if asked := lb.described.Load(); asked != nil {
		asked.describeFrom(ctx, lb.handle.NextWantedTable())
	}
	return err
}

// CheckIfRackAndDatacenterSetCorrectly asks the cluster whether it knows each datacenter and rack of the scope:
// ErrScopeUnknown if not.
func (lb *AlternatorLB) CheckIfRackAndDatacenterSetCorrectly() error {
	return lb.CheckScope(context.Background())
}

// CheckIfRackDatacenterFeatureIsSupported asks the cluster whether it can be asked by datacenter and rack.
func (lb *AlternatorLB) CheckIfRackDatacenterFeatureIsSupported() (bool, error) {
	return lb.ScopeSupported(context.Background())
}

// CheckScope is CheckIfRackAndDatacenterSetCorrectly within a context's deadline.
func (lb *AlternatorLB) CheckScope(ctx context.Context) error {
	timeout, err := lb.mayAsk(ctx)
	if err != nil {
		return err
	}
	return lb.handle.CheckScope(timeout)
}

// ScopeSupported is CheckIfRackDatacenterFeatureIsSupported within a context's deadline.
func (lb *AlternatorLB) ScopeSupported(ctx context.Context) (bool, error) {
	timeout, err := lb.mayAsk(ctx)
	if err != nil {
		return false, err
	}
	return lb.handle.ScopeSupported(timeout)
}

// PartitionKeyName is the partition key's attribute of a table, as given or learned; empty while it is not known.
func (lb *AlternatorLB) PartitionKeyName(table string) string { return lb.handle.TableKey(table) }

// Statistics is a JSON object that docs/STATISTICS.md describes.
func (lb *AlternatorLB) Statistics() (json.RawMessage, error) { return lb.handle.Statistics() }

// Generation is a number that changes with the list of nodes and with what is set aside. It costs no more than a read from memory.
func (lb *AlternatorLB) Generation() uint64 { return lb.handle.Generation() }

// Events gives what happened since the last call, oldest first. The last 256 events are kept.
func (lb *AlternatorLB) Events() []Event { return lb.driver.events.unread() }

func (lb *AlternatorLB) mayAsk(ctx context.Context) (time.Duration, error) {
	if lb.closed.Load() {
		return 0, ErrClosed
	}
	if lb.settings.http.onlyInMemory() {
		return 0, &Error{Status: ErrUnsupported,
			Message: "the cluster is asked by the core's own transport, which knows certificates in files " +
				"alone: use WithCAFile and WithClientCertificateFile"}
	}
	return timeLeft(ctx)
}

func timeLeft(ctx context.Context) (time.Duration, error) {
	if err := ctx.Err(); err != nil {
		return 0, err
	}
	if deadline, ok := ctx.Deadline(); ok {
		return min(time.Until(deadline), questionTimeout), nil
	}
	return questionTimeout, nil
}

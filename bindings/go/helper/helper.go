// Package helper offers package alb under the names of the official helper for Go, so that a migration is an import:
//
//	import helper "github.com/scylladb/alternator-lb/bindings/go/helper"
//
//	h, err := helper.NewHelper([]string{"10.0.0.1"}, helper.WithPort(8000), helper.WithCredentials("key", "secret"))
//	client, err := h.NewDynamoDB()
//
// The table in the module's README tells what became of each option.
package helper

import (
	"context"
	"net/url"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	alb "github.com/scylladb/alternator-lb/bindings/go"
)

// Helper makes DynamoDB clients that use all nodes of a cluster.
type Helper struct {
	lb *alb.AlternatorLB
	// What Update could not do, told by NewDynamoDB.
	err error
}

// NewHelper makes a helper that begins with some nodes: addresses or names. The others are discovered without any further
// call; Stop ends that.
func NewHelper(initialNodes []string, options ...Option) (*Helper, error) {
	config := newConfig()
	for _, option := range options {
		option(config)
	}
	translated, err := config.translate()
	if err != nil {
		return nil, err
	}
	lb, err := alb.NewAlternatorLB(initialNodes, translated...)
	if err != nil {
		return nil, err
	}
	return &Helper{lb: lb}, nil
}

// NewDynamoDB makes a client.
func (h *Helper) NewDynamoDB(change ...func(*dynamodb.Options)) (*dynamodb.Client, error) {
	if h.err != nil {
		return nil, h.err
	}
	return h.lb.NewDynamoDB(change...), nil
}

// Update gives a helper for the same nodes whose clients have other options: credentials, region, AWSConfigOptions, the
// User-Agent, compression of requests, timeouts and connections.
func (h *Helper) Update(options ...Option) *Helper {
	config := &Config{}
	for _, option := range options {
		option(config)
	}
	translated, err := config.translate()
	if err != nil {
		return &Helper{lb: h.lb, err: err}
	}
	lb, err := h.lb.Derive(translated...)
	if err != nil {
		return &Helper{lb: h.lb, err: err}
	}
	return &Helper{lb: lb}
}

// Start goes on refreshing the list of nodes. It is needed after Stop alone.
func (h *Helper) Start() { h.lb.StartRefresh() }

// Stop ends the goroutine that refreshes the list of nodes. Clients go on with the nodes they know.
func (h *Helper) Stop() { h.lb.StopRefresh() }

// UpdateLiveNodes refreshes the list of nodes now.
func (h *Helper) UpdateLiveNodes() error { return h.lb.Refresh(context.Background()) }

// NextNode gives the node for a request of another HTTP client.
func (h *Helper) NextNode() url.URL { return h.lb.NextNode() }

// GetNodes gives all nodes that requests are routed over.
func (h *Helper) GetNodes() []url.URL { return h.lb.Nodes() }

// GetActiveNodes gives those that are not left alone.
func (h *Helper) GetActiveNodes() []url.URL { return h.lb.ActiveNodes() }

// GetQuarantinedNodes gives those that are left alone.
func (h *Helper) GetQuarantinedNodes() []url.URL { return h.lb.NodesSetAside() }

// GetPartitionKeyName is the partition key's attribute of a table, as given or learned; empty while it is not known.
func (h *Helper) GetPartitionKeyName(table string) string { return h.lb.PartitionKeyName(table) }

// CheckIfRackAndDatacenterSetCorrectly asks the cluster whether it knows each datacenter and rack of the scope.
func (h *Helper) CheckIfRackAndDatacenterSetCorrectly() error {
	return h.lb.CheckIfRackAndDatacenterSetCorrectly()
}

// CheckIfRackDatacenterFeatureIsSupported asks the cluster whether it can be asked by datacenter and rack.
func (h *Helper) CheckIfRackDatacenterFeatureIsSupported() (bool, error) {
	return h.lb.CheckIfRackDatacenterFeatureIsSupported()
}

// Balancer is the AlternatorLB behind the names, for what they do not offer.
func (h *Helper) Balancer() *alb.AlternatorLB { return h.lb }

// Package rt has the routing scopes of the official helper, under their names.
package rt

import "fmt"

// Scope says which nodes may serve, and what takes its place when it has none.
type Scope interface {
	Name() string
	String() string
	// Fallback is the next scope, nil if there is none.
	Fallback() Scope
	// GetLocalNodesQuery is the query of /localnodes, for reading; requests are percent-encoded.
	GetLocalNodesQuery() string
}

// ClusterScope is all nodes.
type ClusterScope struct{}

// DCScope is the nodes of a datacenter.
type DCScope struct {
	datacenter string
	fallback   Scope
}

// RackScope is the nodes of a rack.
type RackScope struct {
	datacenter, rack string
	fallback         Scope
}

// NewClusterScope is all nodes.
func NewClusterScope() *ClusterScope { return &ClusterScope{} }

// NewDCScope is the nodes of a datacenter; fallback may be nil.
func NewDCScope(datacenter string, fallback Scope) *DCScope { return &DCScope{datacenter, fallback} }

// NewRackScope is the nodes of a rack; fallback may be nil.
func NewRackScope(datacenter, rack string, fallback Scope) *RackScope {
	return &RackScope{datacenter, rack, fallback}
}

// Name is "Cluster".
func (ClusterScope) Name() string { return "Cluster" }

// Name is "Datacenter".
func (DCScope) Name() string { return "Datacenter" }

// Name is "Rack".
func (RackScope) Name() string { return "Rack" }

func (ClusterScope) String() string { return "Cluster()" }

func (s DCScope) String() string { return fmt.Sprintf("Datacenter(dc=%s)", s.datacenter) }

func (s RackScope) String() string { return fmt.Sprintf("Rack(dc=%s, rack=%s)", s.datacenter, s.rack) }

// Fallback is nil.
func (ClusterScope) Fallback() Scope { return nil }

// Fallback is the scope that takes its place.
func (s DCScope) Fallback() Scope { return s.fallback }

// Fallback is the scope that takes its place.
func (s RackScope) Fallback() Scope { return s.fallback }

// GetLocalNodesQuery is empty.
func (ClusterScope) GetLocalNodesQuery() string { return "" }

// GetLocalNodesQuery names the datacenter.
func (s DCScope) GetLocalNodesQuery() string { return "dc=" + s.datacenter }

// GetLocalNodesQuery names the datacenter and the rack.
func (s RackScope) GetLocalNodesQuery() string { return "dc=" + s.datacenter + "&rack=" + s.rack }

// Datacenter is its name.
func (s DCScope) Datacenter() string { return s.datacenter }

// Datacenter is its name.
func (s RackScope) Datacenter() string { return s.datacenter }

// Rack is its name.
func (s RackScope) Rack() string { return s.rack }

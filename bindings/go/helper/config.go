package helper

import (
	"fmt"
	"time"

	alb "github.com/scylladb/alternator-lb/bindings/go"
	"github.com/scylladb/alternator-lb/bindings/go/helper/nodeshealth"
	"github.com/scylladb/alternator-lb/bindings/go/helper/rt"
)

// The official helper's defaults, where they are not the module's own.
const (
	defaultPort                  = 8080
	defaultAWSRegion             = "default-alb-region"
	defaultMaxIdleConnections    = 100
	defaultIdleConnectionTimeout = 6 * time.Hour
)

// Config is what the options say. Functions of WithCustomOptimizeHeaders may read it.
type Config struct {
	Port            int
	Scheme          string
	Datacenter      string
	Rack            string
	RoutingScope    rt.Scope
	AWSRegion       string
	AccessKeyID     string
	SecretAccessKey string
	OptimizeHeaders func(Config) []string

	NodesListUpdatePeriod     time.Duration
	IdleNodesListUpdatePeriod time.Duration
	NodeHealthStoreConfig     nodeshealth.NodeHealthStoreConfig
	KeyRouteAffinity          KeyRouteAffinityConfig
	RequestCompression        RequestCompressionFunc

	// What needs no look at other options.
	direct []alb.Option
}

// Option is an option of NewHelper.
type Option func(*Config)

func newConfig() *Config {
	config := &Config{Port: defaultPort, AWSRegion: defaultAWSRegion}
	WithMaxIdleHTTPConnections(defaultMaxIdleConnections)(config)
	WithIdleHTTPConnectionTimeout(defaultIdleConnectionTimeout)(config)
	return config
}

func (c *Config) add(options ...alb.Option) { c.direct = append(c.direct, options...) }

// translate gives the options of package alb.
func (c *Config) translate() ([]alb.Option, error) {
	options := append([]alb.Option(nil), c.direct...)
	when := func(given bool, option func() alb.Option) {
		if given {
			options = append(options, option())
		}
	}
	when(c.Port != 0, func() alb.Option { return alb.WithPort(c.Port) })
	when(c.Scheme != "", func() alb.Option { return alb.WithScheme(c.Scheme) })
	when(c.AWSRegion != "", func() alb.Option { return alb.WithAWSRegion(c.AWSRegion) })
	when(c.AccessKeyID != "", func() alb.Option { return alb.WithCredentials(c.AccessKeyID, c.SecretAccessKey) })
	when(c.OptimizeHeaders != nil, func() alb.Option { return alb.WithHeaderOptimization(c.OptimizeHeaders(*c)...) })
	when(c.RequestCompression != nil, func() alb.Option { return alb.WithCompressor(c.RequestCompression.compressor()) })
	when(c.KeyRouteAffinity.Type != "", func() alb.Option { return alb.WithAffinity(alb.Affinity(c.KeyRouteAffinity.Type)) })
	when(c.KeyRouteAffinity.PkInfoPerTable != nil,
		func() alb.Option { return alb.WithTableKeys(c.KeyRouteAffinity.PkInfoPerTable) })
	options = append(options, c.health()...)
	options = append(options, c.periods()...)
	scopes, err := c.scopes()
	if err == nil && scopes != nil {
		options = append(options, alb.WithRoutingScope(scopes...))
	}
	return options, err
}

func (c *Config) periods() (options []alb.Option) {
	if c.NodesListUpdatePeriod != 0 {
		options = append(options, milliseconds("refresh.active_ms", c.NodesListUpdatePeriod))
		if c.IdleNodesListUpdatePeriod == 0 && c.NodesListUpdatePeriod > time.Minute {
			options = append(options, milliseconds("refresh.idle_ms", c.NodesListUpdatePeriod))
		}
	}
	if c.IdleNodesListUpdatePeriod != 0 {
		options = append(options, milliseconds("refresh.idle_ms", c.IdleNodesListUpdatePeriod))
	}
	return options
}

func (c *Config) health() (options []alb.Option) {
	health := c.NodeHealthStoreConfig
	if health.Disabled {
		options = append(options, alb.WithHealth(false))
	}
	if longest := health.QuarantineReleasePeriod; longest > 0 {
		options = append(options, milliseconds("health.eject_max_ms", longest), milliseconds("health.eject_base_ms",
			min(longest, 500*time.Millisecond)))
	}
	if window := health.Scoring.ResetInterval; window > 0 {
		options = append(options, milliseconds("health.failure_window_ms", window))
	}
	return options
}

func milliseconds(name string, d time.Duration) alb.Option {
	return alb.WithOption(name, fmt.Sprint(d.Milliseconds()))
}

// scopes gives the chain to fall back along.
func (c *Config) scopes() (chain []alb.Scope, err error) {
	scope := c.RoutingScope
	switch {
	case scope != nil:
	case c.Rack != "" && c.Datacenter == "":
		return nil, &alb.Error{Status: alb.ErrBadValue, Message: fmt.Sprintf("WithRack(%q) needs WithDatacenter", c.Rack)}
	case c.Rack != "":
		scope = rt.NewRackScope(c.Datacenter, c.Rack, nil)
	case c.Datacenter != "":
		scope = rt.NewDCScope(c.Datacenter, nil)
	}
	for ; scope != nil; scope = scope.Fallback() {
		switch known := scope.(type) {
		case *rt.RackScope:
			chain = append(chain, alb.RackScope(known.Datacenter(), known.Rack()))
		case *rt.DCScope:
			chain = append(chain, alb.DatacenterScope(known.Datacenter()))
		case *rt.ClusterScope:
			chain = append(chain, alb.ClusterScope())
		default:
			return nil, &alb.Error{Status: alb.ErrBadValue,
				Message: fmt.Sprintf("the scope %v of type %T is not accepted: NewRackScope, "+
					"NewDCScope and NewClusterScope make those that are", scope, scope)}
		}
	}
	return chain, nil
}

package alb

import (
	"fmt"
	"log/slog"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
)

// Option changes how an AlternatorLB works. A value that is not accepted is an error of NewAlternatorLB.
type Option func(*settings)

// WithPort says where all nodes listen, and seeds that are given without a port. 8000 unless told otherwise.
func WithPort(port int) Option { return func(s *settings) { s.set("port", fmt.Sprint(port)) } }

// WithScheme is "http", as it is unless told otherwise, or "https".
func WithScheme(scheme string) Option { return func(s *settings) { s.set("scheme", scheme) } }

// WithDatacenter uses the nodes of this datacenter alone.
func WithDatacenter(name string) Option { return func(s *settings) { s.datacenter = name } }

// WithRack uses the nodes of this rack of the datacenter alone; with option rack "prefer", the core's default, those beyond
// it when it is slow or down.
func WithRack(name string) Option { return func(s *settings) { s.rack = name } }

// WithRoutingScope uses the first of these scopes that has nodes: RackScope, DatacenterScope, ClusterScope.
func WithRoutingScope(scopes ...Scope) Option {
	return func(s *settings) {
		if len(scopes) == 0 {
			s.refuse("WithRoutingScope needs a scope: RackScope, DatacenterScope or ClusterScope")
		}
		s.scopes = scopes
	}
}

// WithCredentials signs the requests of clients that are made. Without it they are unsigned.
func WithCredentials(key, secret string) Option {
	return func(s *settings) { s.key, s.secret = key, secret }
}

// WithAWSRegion is a name that signatures hold and servers ignore; "us-east-1" unless told otherwise.
func WithAWSRegion(region string) Option { return func(s *settings) { s.region = region } }

// WithAWSConfigOptions changes the configuration of clients that are made, after everything else.
func WithAWSConfigOptions(change ...func(*aws.Config)) Option {
	return func(s *settings) {
		s.awsConfigOptions = append(s.awsConfigOptions[:len(s.awsConfigOptions):len(s.awsConfigOptions)], change...)
	}
}

// Affinity says which writes go to the node of their partition key.
type Affinity string

// The modes of key affinity.
const (
	AffinityNone     Affinity = "none"
	AffinityRMW      Affinity = "rmw"       // writes for which the server reads first: conditions, most updates
	AffinityAnyWrite Affinity = "any_write" // all writes, batches by the votes of their items
)

// WithAffinity sends writes to the node of their partition key.
func WithAffinity(mode Affinity) Option { return func(s *settings) { s.set("affinity", string(mode)) } }

// WithTableKeys tells the partition keys of tables. Those of others are learned, from answers that pass by and by DescribeTable.
func WithTableKeys(keyOfTable map[string]string) Option {
	return func(s *settings) {
		for table, key := range keyOfTable {
			s.set("table."+table+".key", key)
		}
	}
}

// Coding is how bodies are compressed.
type Coding string

// What servers understand, from ScyllaDB 2026.1 on.
const (
	Gzip    Coding = "gzip"
	Deflate Coding = "deflate" // the zlib format
)

// WithCompression compresses bodies of requests before they are signed.
func WithCompression(coding Coding) Option {
	return func(s *settings) { s.set("compression", string(coding)) }
}

// WithCompressionThreshold sends shorter bodies as they are; 1024 bytes unless told otherwise.
func WithCompressionThreshold(bytes int) Option {
	return func(s *settings) { s.set("compression.min_bytes", fmt.Sprint(bytes)) }
}

// WithCompressionLevel is 0 to 9; 6 unless told otherwise.
func WithCompressionLevel(level int) Option {
	return func(s *settings) { s.set("compression.level", fmt.Sprint(level)) }
}

// Compressor gives a body in another form, with the Content-Encoding that says which; an empty one sends the body as it is.
type Compressor func(body []byte) (compressed []byte, contentEncoding string, err error)

// WithCompressor compresses bodies of requests by a function of the program's, before they are signed. It takes the place
// of WithCompression.
func WithCompressor(compress Compressor) Option { return func(s *settings) { s.compress = compress } }

// WithResponseCompression says what answers may be compressed with, the preferred one first.
func WithResponseCompression(codings ...Coding) Option {
	return func(s *settings) {
		names := make([]string, len(codings))
		for i, coding := range codings {
			names[i] = string(coding)
		}
		s.set("response_compression", strings.Join(names, ","))
	}
}

// WithHeaderOptimization sends the headers alone that servers read, and these. The others are left out before the signature
// is made.
func WithHeaderOptimization(keep ...string) Option {
	return func(s *settings) {
		s.set("headers.optimize", "on")
		s.set("headers.keep", strings.Join(keep, ","))
	}
}

// WithUserAgent replaces the User-Agent of requests and of discovery.
func WithUserAgent(agent string) Option {
	return WithUserAgentFunc(func(string) string { return agent })
}

// WithUserAgentFunc gives the User-Agent from the one that would be sent. Given several times, each gets what the one before gave.
func WithUserAgentFunc(change func(current string) string) Option {
	return func(s *settings) {
		before := s.userAgent
		if before == nil {
			s.userAgent = change
			return
		}
		s.userAgent = func(current string) string { return change(before(current)) }
	}
}

// WithoutUserAgent sends no User-Agent.
func WithoutUserAgent() Option {
	return func(s *settings) { s.userAgent = func(string) string { return "" } }
}

// Policy is how a node is chosen.
type Policy string

// The core's policies.
const (
	Adaptive   Policy = "adaptive" // the cheapest of a few random nodes, by latency and requests in flight; the default
	Random     Policy = "random"
	RoundRobin Policy = "round_robin"
)

// WithPolicy says how a node is chosen among the healthy ones.
func WithPolicy(policy Policy) Option { return func(s *settings) { s.set("policy", string(policy)) } }

// WithHealth says whether failing nodes are set aside, which they are unless told otherwise.
func WithHealth(on bool) Option {
	return func(s *settings) {
		if on {
			s.set("health", "on")
		} else {
			s.set("health", "off")
		}
	}
}

// WithRefreshIntervals says how often the list of nodes is renewed: while requests flow (1 s unless told otherwise), and
// while none do (60 s).
func WithRefreshIntervals(active, idle time.Duration) Option {
	return func(s *settings) {
		s.milliseconds("refresh.active_ms", active)
		s.milliseconds("refresh.idle_ms", idle)
	}
}

// WithManualRefresh starts no goroutine: the list is renewed, tables are described and nodes that were set aside come back
// by Refresh alone.
func WithManualRefresh() Option { return func(s *settings) { s.manual = true } }

// WithOption sets any option of the core by its name: docs/CONFIGURATION.md lists them.
func WithOption(name, value string) Option {
	return func(s *settings) {
		switch name {
		case "refresh.mode", "refresh.inline_budget_ms":
			s.refuse("option %s is not for Go, where a goroutine refreshes: WithManualRefresh starts none", name)
		case "user_agent":
			s.refuse("option %s is set by WithUserAgent", name)
		case "scope", "seeds":
			s.refuse("option %s is set by the nodes, WithDatacenter, WithRack or WithRoutingScope", name)
		}
		if strings.HasPrefix(name, "tls.") {
			s.refuse("option %s is set by the options for TLS, such as WithCAFile", name)
		}
		s.set(name, value)
	}
}

// WithLogger writes what happens to the nodes: what went wrong as warnings, what did not work at all as errors, the rest as
// information.
func WithLogger(log *slog.Logger) Option {
	return func(s *settings) {
		if log == nil {
			log = slog.New(slog.DiscardHandler)
		}
		s.log = log
	}
}

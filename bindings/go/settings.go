package alb

import (
	"fmt"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/scylladb/alternator-lb/bindings/go/internal/core"
)

// Version is this module's version, the same as the core's.
const Version = "0.1.0"

const defaultUserAgent = "alternator-lb-go/" + Version

// settings is everything that the options say.
type settings struct {
	sdk
	// The core's options in the order they were given; the last one of a name counts.
	core             []core.Setting
	datacenter, rack string
	scopes           []Scope
	manual           bool
	log              *slog.Logger
	// What an option was given that it does not accept.
	err error
}

// sdk is what concerns the clients that are made, and no other client of the same nodes.
type sdk struct {
	key, secret      string
	region           string
	awsConfigOptions []func(*aws.Config)
	userAgent        func(string) string
	compress         Compressor
	http             httpSettings
	client           *http.Client
}

func newSettings(nodes []string, options []Option) (*settings, error) {
	s := &settings{
		sdk: sdk{
			region: "us-east-1",
			http: httpSettings{
				connectTimeout:         2 * time.Second,
				requestTimeout:         30 * time.Second,
				idleConnectionsPerNode: 100,
				idleConnectionTimeout:  10 * time.Minute,
			},
		},
		log: slog.New(slog.DiscardHandler),
	}
	s.set("seeds", strings.Join(nodes, ","))
	for _, node := range nodes {
		if strings.Contains(node, ",") {
			s.refuse("the node %q holds a comma: give each node by itself", node)
		}
	}
	for _, option := range options {
		option(s)
	}
	s.http.finish(s)
	if s.rack != "" && s.datacenter == "" {
		s.refuse("WithRack(%q) needs WithDatacenter: a rack is one of a datacenter", s.rack)
	}
	if s.scopes != nil && s.datacenter != "" {
		s.refuse("WithRoutingScope excludes WithDatacenter(%q): say it in the scope", s.datacenter)
	}
	return s, s.err
}

func (s *settings) set(key, value string) {
	s.core = append(s.core, core.Setting{Key: key, Value: value})
}

func (s *settings) refuse(format string, arguments ...any) {
	if s.err == nil {
		s.err = core.BadOption(format, arguments...)
	}
}

// milliseconds sets an option that is a duration; the core says what it accepts.
func (s *settings) milliseconds(key string, d time.Duration) {
	s.set(key, fmt.Sprint(d.Milliseconds()))
}

// coreSettings are the options of the core. The module drives discovery itself.
func (s *settings) coreSettings() []core.Setting {
	list := slices.Clone(s.core)
	switch {
	case s.scopes != nil:
		list = append(list, core.Setting{Key: "scope", Value: chain(s.scopes)})
	case s.rack != "":
		list = append(list, core.Setting{Key: "scope", Value: RackScope(s.datacenter, s.rack).text})
	case s.datacenter != "":
		list = append(list, core.Setting{Key: "scope", Value: DatacenterScope(s.datacenter).text})
	}
	return append(list, core.Setting{Key: "refresh.mode", Value: "manual"}, core.Setting{Key: "user_agent",
		Value: s.agentOfDiscovery()})
}

// last is the value that was set last, or empty.
func (s *settings) last(key string) string {
	for _, setting := range slices.Backward(s.core) {
		if setting.Key == key {
			return setting.Value
		}
	}
	return ""
}

func (s *settings) byKey() bool {
	mode := s.last("affinity")
	return mode != "" && mode != string(AffinityNone)
}

// agentOfDiscovery is what discovery calls itself.
func (s *settings) agentOfDiscovery() string {
	if s.userAgent == nil {
		return defaultUserAgent
	}
	return s.userAgent(defaultUserAgent)
}

func (s *sdk) credentials() aws.CredentialsProvider { return staticCredentials(s.key, s.secret) }

func (s *sdk) httpClient() *http.Client { return s.client }

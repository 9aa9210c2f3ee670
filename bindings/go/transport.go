package alb

import (
	"crypto/tls"
	"net"
	"net/http"
	"time"
)

// httpSettings is how connections are made and kept.
type httpSettings struct {
	tlsSettings
	connectTimeout, requestTimeout time.Duration
	idleConnectionsPerNode         int
	idleConnections                int
	idleConnectionTimeout          time.Duration
	wrap                           func(http.RoundTripper) http.RoundTripper
	// Made when all options are known.
	tls *tls.Config
}

// WithConnectTimeout is the longest wait for a connection, 2 s unless told otherwise. Clients that are patched have their own.
func WithConnectTimeout(d time.Duration) Option {
	return func(s *settings) { s.http.connectTimeout = d }
}

// WithRequestTimeout is the longest time for one attempt, 30 s unless told otherwise; 0 for no limit. Clients that are
// patched have their own.
func WithRequestTimeout(d time.Duration) Option {
	return func(s *settings) { s.http.requestTimeout = d }
}

// WithDiscoveryTimeout is the longest wait for an answer of discovery, 2 s unless told otherwise.
func WithDiscoveryTimeout(d time.Duration) Option {
	return func(s *settings) { s.milliseconds("discovery.timeout_ms", d) }
}

// WithIdleConnections says how many connections that are not in use are kept to each node, 100 unless told otherwise.
func WithIdleConnections(perNode int) Option {
	return func(s *settings) { s.http.idleConnectionsPerNode = perNode }
}

// WithMaxIdleConnections says how many connections that are not in use are kept to all nodes; 0, the default, for no limit.
func WithMaxIdleConnections(all int) Option {
	return func(s *settings) { s.http.idleConnections = all }
}

// WithIdleConnectionTimeout says how long they are kept, 10 minutes unless told otherwise.
func WithIdleConnectionTimeout(d time.Duration) Option {
	return func(s *settings) { s.http.idleConnectionTimeout = d }
}

// WithHTTPTransportWrapper puts something around the transport of requests and of discovery.
func WithHTTPTransportWrapper(wrap func(http.RoundTripper) http.RoundTripper) Option {
	return func(s *settings) { s.http.wrap = wrap }
}

// finish makes what depends on all options.
func (h *httpSettings) finish(s *settings) {
	config, err := h.tlsSettings.config()
	if err != nil {
		s.refuse("%v", err)
		return
	}
	h.tls = config
	h.tlsSettings.tellCore(s)
	s.client = &http.Client{
		Transport: s.wrapped(s.transport(h.idleConnectionsPerNode)),
		Timeout:   h.requestTimeout,
		// A node never redirects; whoever does is not one.
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// transport asks nobody else for a proxy, and leaves bodies as they are.
func (s *sdk) transport(idleConnectionsPerNode int) *http.Transport {
	dialer := &net.Dialer{Timeout: s.http.connectTimeout, KeepAlive: 30 * time.Second}
	return &http.Transport{
		DialContext:         dialer.DialContext,
		TLSClientConfig:     s.http.tls,
		TLSHandshakeTimeout: max(s.http.connectTimeout, 5*time.Second),
		MaxIdleConns:        s.http.idleConnections,
		MaxIdleConnsPerHost: idleConnectionsPerNode,
		IdleConnTimeout:     s.http.idleConnectionTimeout,
		DisableCompression:  true,
	}
}

func (s *sdk) wrapped(transport http.RoundTripper) http.RoundTripper {
	if s.http.wrap == nil {
		return transport
	}
	return s.http.wrap(transport)
}

// tune adapts the SDK's own transport, which knows one host, to a cluster.
func (s *sdk) tune(transport *http.Transport) {
	transport.MaxIdleConnsPerHost = max(transport.MaxIdleConnsPerHost, s.http.idleConnectionsPerNode)
	transport.MaxIdleConns = s.http.idleConnections
	if s.http.given() {
		transport.TLSClientConfig = s.http.tls.Clone()
	}
}

package helper

import (
	"crypto/tls"
	"crypto/x509"
	"io"
	"log/slog"
	"net/http"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	alb "github.com/scylladb/alternator-lb/bindings/go"
	"github.com/scylladb/alternator-lb/bindings/go/helper/nodeshealth"
	"github.com/scylladb/alternator-lb/bindings/go/helper/rt"
)

// CertSource gives the client's certificate for each handshake.
type CertSource interface {
	GetClientCertificate(*tls.CertificateRequestInfo) (*tls.Certificate, error)
}

// ResponseCompression is what answers may be compressed with.
type ResponseCompression = alb.Coding

// What servers can compress answers with.
const (
	ResponseCompressionGzip    = alb.Gzip
	ResponseCompressionDeflate = alb.Deflate
)

// WithScheme is "http" or "https".
func WithScheme(scheme string) Option { return func(c *Config) { c.Scheme = scheme } }

// WithPort is the port of all nodes, 8080 unless told otherwise.
func WithPort(port int) Option { return func(c *Config) { c.Port = port } }

// WithRoutingScope uses the nodes of a scope, or of the one that takes its place.
func WithRoutingScope(scope rt.Scope) Option { return func(c *Config) { c.RoutingScope = scope } }

// WithDatacenter uses the nodes of a datacenter.
//
// Deprecated: use WithRoutingScope.
func WithDatacenter(datacenter string) Option { return func(c *Config) { c.Datacenter = datacenter } }

// WithRack uses the nodes of a rack of the datacenter.
//
// Deprecated: use WithRoutingScope.
func WithRack(rack string) Option { return func(c *Config) { c.Rack = rack } }

// WithAWSRegion is a name that signatures hold and servers ignore.
func WithAWSRegion(region string) Option { return func(c *Config) { c.AWSRegion = region } }

// WithAWSConfigOptions changes the configuration of clients.
func WithAWSConfigOptions(change ...func(*aws.Config)) Option {
	return func(c *Config) { c.add(alb.WithAWSConfigOptions(change...)) }
}

// WithCredentials signs requests.
func WithCredentials(accessKeyID, secretAccessKey string) Option {
	return func(c *Config) { c.AccessKeyID, c.SecretAccessKey = accessKeyID, secretAccessKey }
}

// WithLogger writes what happens to the nodes.
func WithLogger(log *slog.Logger) Option { return func(c *Config) { c.add(alb.WithLogger(log)) } }

// WithNodesListUpdatePeriod is how often the list of nodes is renewed while requests flow.
func WithNodesListUpdatePeriod(period time.Duration) Option {
	return func(c *Config) { c.NodesListUpdatePeriod = period }
}

// WithIdleNodesListUpdatePeriod is how often it is renewed while none do.
func WithIdleNodesListUpdatePeriod(period time.Duration) Option {
	return func(c *Config) { c.IdleNodesListUpdatePeriod = period }
}

// WithNodeHealthStoreConfig says how nodes that fail are left alone.
func WithNodeHealthStoreConfig(config nodeshealth.NodeHealthStoreConfig) Option {
	return func(c *Config) { c.NodeHealthStoreConfig = config }
}

// WithClientCertificateFile shows a certificate, which is read again when it changes.
func WithClientCertificateFile(certFile, keyFile string) Option {
	return func(c *Config) { c.add(alb.WithClientCertificateFile(certFile, keyFile)) }
}

// WithClientCertificate shows this certificate.
func WithClientCertificate(certificate tls.Certificate) Option {
	return func(c *Config) { c.add(alb.WithClientCertificate(certificate)) }
}

// WithClientCertificateSource asks for the certificate at each handshake.
func WithClientCertificateSource(source CertSource) Option {
	return func(c *Config) { c.add(alb.WithClientCertificateSource(source.GetClientCertificate)) }
}

// WithServerCACertificateFile trusts the authorities in a file.
func WithServerCACertificateFile(path string) Option {
	return func(c *Config) { c.add(alb.WithCAFile(path)) }
}

// WithServerCACertificatePool trusts these authorities.
func WithServerCACertificatePool(pool *x509.CertPool) Option {
	return func(c *Config) { c.add(alb.WithCAPool(pool)) }
}

// WithIgnoreServerCertificateError trusts anybody.
func WithIgnoreServerCertificateError(ignore bool) Option {
	return func(c *Config) {
		if ignore {
			c.add(alb.WithoutVerification())
		}
	}
}

// WithKeyLogWriter writes the keys of TLS sessions.
func WithKeyLogWriter(writer io.Writer) Option {
	return func(c *Config) { c.add(alb.WithKeyLog(writer)) }
}

// WithTLSSessionCache keeps TLS sessions.
func WithTLSSessionCache(cache tls.ClientSessionCache) Option {
	return func(c *Config) { c.add(alb.WithTLSSessionCache(cache)) }
}

// WithOptimizeHeaders sends the headers alone that servers read.
func WithOptimizeHeaders(enabled bool) Option {
	return func(c *Config) {
		c.OptimizeHeaders = nil
		if enabled {
			c.OptimizeHeaders = func(Config) []string { return nil }
		}
	}
}

// WithCustomOptimizeHeaders sends the headers alone that servers read, and those that the function names.
func WithCustomOptimizeHeaders(keep func(Config) []string) Option {
	return func(c *Config) { c.OptimizeHeaders = keep }
}

// WithUserAgent replaces the User-Agent.
func WithUserAgent(agent string) Option { return func(c *Config) { c.add(alb.WithUserAgent(agent)) } }

// WithUserAgentFunc gives the User-Agent from the one that would be sent.
func WithUserAgentFunc(change func(string) string) Option {
	return func(c *Config) { c.add(alb.WithUserAgentFunc(change)) }
}

// WithoutUserAgent sends no User-Agent.
func WithoutUserAgent() Option { return func(c *Config) { c.add(alb.WithoutUserAgent()) } }

// WithMaxIdleHTTPConnections says how many idle connections are kept in all, 100 unless told otherwise.
func WithMaxIdleHTTPConnections(count int) Option {
	return func(c *Config) { c.add(alb.WithMaxIdleConnections(count)) }
}

// WithMaxIdleHTTPConnectionsPerHost says how many are kept to each node, 100 unless told otherwise.
func WithMaxIdleHTTPConnectionsPerHost(count int) Option {
	return func(c *Config) { c.add(alb.WithIdleConnections(count)) }
}

// WithIdleHTTPConnectionTimeout says how long they are kept, 6 hours unless told otherwise.
func WithIdleHTTPConnectionTimeout(d time.Duration) Option {
	return func(c *Config) { c.add(alb.WithIdleConnectionTimeout(d)) }
}

// WithHTTPTransportWrapper puts something around the transport.
func WithHTTPTransportWrapper(wrap func(http.RoundTripper) http.RoundTripper) Option {
	return func(c *Config) { c.add(alb.WithHTTPTransportWrapper(wrap)) }
}

// WithHTTPClientTimeout is the longest time for one attempt, 30 s unless told otherwise; 0 for no limit.
func WithHTTPClientTimeout(d time.Duration) Option {
	return func(c *Config) { c.add(alb.WithRequestTimeout(d)) }
}

// WithRequestCompression compresses bodies of requests before they are signed.
func WithRequestCompression(compress RequestCompressionFunc) Option {
	return func(c *Config) { c.RequestCompression = compress }
}

// WithResponseCompression says what answers may be compressed with, the preferred one first.
func WithResponseCompression(codings ...ResponseCompression) Option {
	return func(c *Config) { c.add(alb.WithResponseCompression(codings...)) }
}

// WithoutResponseCompression takes answers as they are.
func WithoutResponseCompression() Option {
	return func(c *Config) { c.add(alb.WithOption("response_compression", "none")) }
}

// WithKeyRouteAffinity sends writes to the node of their partition key.
func WithKeyRouteAffinity(config KeyRouteAffinityConfig) Option {
	return func(c *Config) { c.KeyRouteAffinity = config }
}

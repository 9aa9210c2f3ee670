package alb

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io"
	"os"
)

// tlsSettings is what is said of TLS, for requests and for discovery alike.
type tlsSettings struct {
	caFiles           []string
	pool              *x509.CertPool
	certFile, keyFile string
	source            CertificateSource
	verify            string
	keyLog            io.Writer
	sessions          tls.ClientSessionCache
	withoutSessions   bool
}

// CertificateSource gives the client's certificate for each handshake.
type CertificateSource func(*tls.CertificateRequestInfo) (*tls.Certificate, error)

const (
	verifyNone       = "none"
	verifyNoHostname = "no_hostname"
	defaultSessions  = 256
)

// WithCAFile trusts the authorities in these PEM files instead of the system's.
func WithCAFile(paths ...string) Option {
	return func(s *settings) {
		s.http.caFiles = append(s.http.caFiles[:len(s.http.caFiles):len(s.http.caFiles)], paths...)
	}
}

// WithCAPool trusts these authorities instead of the system's.
func WithCAPool(pool *x509.CertPool) Option { return func(s *settings) { s.http.pool = pool } }

// WithClientCertificateFile shows a certificate to servers that ask for one. The files are read again when they change.
func WithClientCertificateFile(certFile, keyFile string) Option {
	return func(s *settings) {
		s.http.certFile, s.http.keyFile = certFile, keyFile
		source := &certificateFiles{certFile: certFile, keyFile: keyFile}
		s.http.source = source.get
		if _, err := source.get(nil); err != nil {
			s.refuse("the client certificate cannot be used: %v", err)
		}
	}
}

// WithClientCertificate shows this certificate.
func WithClientCertificate(certificate tls.Certificate) Option {
	return WithClientCertificateSource(func(*tls.CertificateRequestInfo) (*tls.Certificate, error) { return &certificate, nil })
}

// WithClientCertificateSource asks for the certificate at each handshake.
func WithClientCertificateSource(source CertificateSource) Option {
	return func(s *settings) { s.http.source, s.http.certFile, s.http.keyFile = source, "", "" }
}

// WithoutVerification trusts anybody: whoever is on the way can read and change what is sent.
func WithoutVerification() Option { return func(s *settings) { s.http.verify = verifyNone } }

// WithoutHostnameVerification checks the authority, but not that the certificate is for this address.
func WithoutHostnameVerification() Option {
	return func(s *settings) { s.http.verify = verifyNoHostname }
}

// WithKeyLog writes the keys of TLS sessions, in the format that Wireshark reads. For debugging: who has them can read what
// was sent.
func WithKeyLog(writer io.Writer) Option { return func(s *settings) { s.http.keyLog = writer } }

// WithTLSSessionCache keeps sessions for short handshakes; nil keeps none. 256 are kept unless told otherwise.
func WithTLSSessionCache(cache tls.ClientSessionCache) Option {
	return func(s *settings) { s.http.sessions, s.http.withoutSessions = cache, cache == nil }
}

// given tells whether anything was said of TLS.
func (t *tlsSettings) given() bool {
	return t.caFiles != nil || t.pool != nil || t.source != nil || t.verify != "" || t.keyLog != nil || t.sessions != nil ||
		t.withoutSessions
}

// onlyInMemory tells whether something was said that the core's own transport cannot be told.
func (t *tlsSettings) onlyInMemory() bool {
	return t.pool != nil || len(t.caFiles) > 1 || t.source != nil && t.certFile == ""
}

// tellCore says so much of TLS to the core's own transport as it can be told.
func (t *tlsSettings) tellCore(s *settings) {
	if len(t.caFiles) == 1 {
		s.set("tls.ca_file", t.caFiles[0])
	}
	if t.certFile != "" {
		s.set("tls.cert_file", t.certFile)
		s.set("tls.key_file", t.keyFile)
	}
	if t.verify != "" {
		s.set("tls.verify", t.verify)
	}
}

func (t *tlsSettings) config() (*tls.Config, error) {
	roots, err := t.roots()
	if err != nil {
		return nil, err
	}
	config := &tls.Config{
		MinVersion:           tls.VersionTLS12,
		RootCAs:              roots,
		KeyLogWriter:         t.keyLog,
		GetClientCertificate: t.source,
		ClientSessionCache:   t.sessions,
		InsecureSkipVerify:   t.verify != "",
	}
	if t.sessions == nil && !t.withoutSessions {
		config.ClientSessionCache = tls.NewLRUClientSessionCache(defaultSessions)
	}
	if t.verify == verifyNoHostname {
		config.VerifyConnection = verifyChain(roots)
	}
	return config, nil
}

func (t *tlsSettings) roots() (*x509.CertPool, error) {
	if len(t.caFiles) == 0 {
		return t.pool, nil
	}
	pool := x509.NewCertPool()
	if t.pool != nil {
		pool = t.pool.Clone()
	}
	for _, path := range t.caFiles {
		pem, err := os.ReadFile(path)
		if err != nil {
			return nil, fmt.Errorf("the CA file cannot be read: %w", err)
		}
		if !pool.AppendCertsFromPEM(pem) {
			return nil, fmt.Errorf("the CA file %s holds no certificate in PEM", path)
		}
	}
	return pool, nil
}

// verifyChain checks everything but the name.
func verifyChain(roots *x509.CertPool) func(tls.ConnectionState) error {
	return func(state tls.ConnectionState) error {
		intermediates := x509.NewCertPool()
		for _, certificate := range state.PeerCertificates[1:] {
			intermediates.AddCert(certificate)
		}
		_, err := state.PeerCertificates[0].Verify(x509.VerifyOptions{Roots: roots, Intermediates: intermediates})
		return err
	}
}

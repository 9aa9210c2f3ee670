package alb

import (
	"crypto/tls"
	"os"
	"sync"
	"time"
)

// certificateFiles is a certificate that is read again when its file has changed. A change that cannot be read leaves the
// last good one.
type certificateFiles struct {
	certFile, keyFile string

	mutex   sync.Mutex
	loaded  *tls.Certificate
	changed time.Time
}

func (c *certificateFiles) get(*tls.CertificateRequestInfo) (*tls.Certificate, error) {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	found, err := os.Stat(c.certFile)
	if err == nil && c.loaded != nil && found.ModTime().Equal(c.changed) {
		return c.loaded, nil
	}
	var fresh tls.Certificate
	if err == nil {
		fresh, err = tls.LoadX509KeyPair(c.certFile, c.keyFile)
	}
	switch {
	case err == nil:
		c.loaded, c.changed = &fresh, found.ModTime()
	case c.loaded == nil:
		return nil, err
	}
	return c.loaded, nil
}

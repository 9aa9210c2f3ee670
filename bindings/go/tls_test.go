package alb_test

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	alb "github.com/scylladb/alternator-lb/bindings/go"
	"github.com/scylladb/alternator-lb/bindings/go/internal/altcluster"
)

func pool(t *testing.T, cluster *altcluster.Cluster) *x509.CertPool {
	t.Helper()
	pem, err := os.ReadFile(cluster.CAFile)
	must(t, err)
	authorities := x509.NewCertPool()
	if !authorities.AppendCertsFromPEM(pem) {
		t.Fatal("no certificate")
	}
	return authorities
}

// All that TLS options say holds for requests and for discovery, whether it is a file or in memory.
func TestClientCertificatesAndAuthorities(t *testing.T) {
	cluster := start(t, "--mtls", "--auth", "enforce")
	certificate, err := tls.LoadX509KeyPair(cluster.ClientCert, cluster.ClientKey)
	must(t, err)
	files := alb.WithClientCertificateFile(cluster.ClientCert, cluster.ClientKey)
	for name, options := range map[string][]alb.Option{
		"files":       {alb.WithCAFile(cluster.CAFile), files},
		"memory":      {alb.WithCAPool(pool(t, cluster)), alb.WithClientCertificate(certificate)},
		"two files":   {alb.WithCAFile(cluster.CAFile, cluster.CAFile), files},
		"no hostname": {alb.WithCAFile(cluster.CAFile), alb.WithoutHostnameVerification(), files},
		"no checks":   {alb.WithoutVerification(), files},
	} {
		t.Run(name, func(t *testing.T) {
			lb, err := alb.NewAlternatorLB(cluster.Seeds()[:1], append(options, alb.WithPort(cluster.Port), alb.WithScheme("https"),
				alb.WithPolicy(alb.Random))...)
			must(t, err)
			defer lb.Close()
			altcluster.Eventually(t, "three nodes are known", func() bool { return len(lb.Nodes()) == 3 })
			must(t, lb.Refresh(t.Context()))
			cluster.ResetCounters()
			client := lb.WithCredentials("alternator", "secret").NewDynamoDB()
			for range 30 {
				must(t, listTables(client))
			}
			for index, count := range cluster.Requests() {
				if count == 0 {
					t.Errorf("node %d got no request", index)
				}
			}
		})
	}
}

func TestPatchedClientTakesOverWhatIsSaidOfTLS(t *testing.T) {
	cluster := start(t, "--https")
	lb := balance(t, cluster, alb.WithCAFile(cluster.CAFile))
	client := dynamodb.NewFromConfig(aws.Config{}, lb.WithEndpointResolverV2())
	must(t, listTables(client))
}

func TestCertificatesThatAreNotTrustedAreTLSFailures(t *testing.T) {
	cluster := start(t, "--https", "--nodes", "1")
	once := func(o *dynamodb.Options) { o.RetryMaxAttempts = 1 }
	for name, options := range map[string][]alb.Option{
		"system's authorities":    {},
		"authority, but the name": {alb.WithCAFile(cluster.CAFile)},
		"name, but not authority": {alb.WithoutHostnameVerification()},
	} {
		t.Run(name, func(t *testing.T) {
			if name == "authority, but the name" {
				cluster.Fault(0, altcluster.Fault{"kind": "tls_wrong_name"})
				defer cluster.Heal(0)
			}
			lb := balance(t, cluster, append(options, alb.WithManualRefresh(), alb.WithOption("health.share", "handle"))...)
			if err := listTables(lb.NewDynamoDB(once)); err == nil {
				t.Error("there was no error")
			}
			if got := outcomes(t, lb); got["tls_failure"] != 1 || total(got) != 1 {
				t.Errorf("reported %v", got)
			}
			if err := lb.Refresh(t.Context()); err == nil {
				t.Error("discovery trusts it")
			}
		})
	}
	cluster.Fault(0, altcluster.Fault{"kind": "tls_wrong_name"})
	lb := balance(t, cluster, alb.WithManualRefresh(), alb.WithCAFile(cluster.CAFile), alb.WithoutHostnameVerification())
	must(t, listTables(lb.NewDynamoDB(once)))
}

func TestRefreshByOwnTransportTellsWhyItFails(t *testing.T) {
	cluster := start(t, "--https", "--nodes", "1")
	lb := balance(t, cluster, alb.WithManualRefresh(), alb.WithCAPool(x509.NewCertPool()))
	if err := lb.Refresh(t.Context()); !errors.Is(err, alb.ErrUnreachable) {
		t.Errorf("the error is %v", err)
	}
	var why string
	for _, event := range lb.Events() {
		why += event.Kind + " " + event.Reason + "\n"
	}
	if !strings.Contains(why, "TLS") {
		t.Errorf("the events are\n%s", why)
	}
	if err := lb.CheckIfRackAndDatacenterSetCorrectly(); !errors.Is(err, alb.ErrUnsupported) {
		t.Errorf("a check: %v", err)
	}
}

func TestKeysAreLoggedAndSessionsResumed(t *testing.T) {
	cluster := start(t, "--https", "--tls-tickets", "--nodes", "1")
	var log guarded
	for _, test := range []struct {
		name    string
		option  alb.Option
		resumes bool
	}{
		{"default", alb.WithKeyLog(&log), true},
		{"own", alb.WithTLSSessionCache(tls.NewLRUClientSessionCache(4)), true},
		{"none", alb.WithTLSSessionCache(nil), false},
	} {
		t.Run(test.name, func(t *testing.T) {
			lb := balance(t, cluster, alb.WithManualRefresh(), alb.WithCAFile(cluster.CAFile), test.option)
			cluster.ResetCounters()
			client := lb.NewDynamoDB()
			for range 3 {
				must(t, listTables(client))
				client.Options().HTTPClient.(interface{ CloseIdleConnections() }).CloseIdleConnections()
			}
			counters := cluster.Counters()
			if resumed := counters.Nodes[0].Connections.TLSResumed; (resumed > 0) != test.resumes {
				t.Errorf("%d sessions were resumed", resumed)
			}
		})
	}
	if !strings.Contains(log.text(), "CLIENT_") {
		t.Errorf("logged: %q", log.text())
	}
}

type guarded struct {
	mutex  sync.Mutex
	buffer bytes.Buffer
}

func (g *guarded) Write(text []byte) (int, error) {
	g.mutex.Lock()
	defer g.mutex.Unlock()
	return g.buffer.Write(text)
}

func (g *guarded) text() string {
	g.mutex.Lock()
	defer g.mutex.Unlock()
	return g.buffer.String()
}

func TestCertificateFilesAreReadAgainWhenTheyChange(t *testing.T) {
	cluster := start(t, "--mtls", "--nodes", "1")
	directory := t.TempDir()
	certFile, keyFile := filepath.Join(directory, "cert"), filepath.Join(directory, "key")
	copyFile(t, cluster.ClientCert, certFile)
	copyFile(t, cluster.ClientKey, keyFile)
	lb := balance(t, cluster, alb.WithManualRefresh(), alb.WithCAFile(cluster.CAFile),
		alb.WithClientCertificateFile(certFile, keyFile))
	client := lb.NewDynamoDB(func(o *dynamodb.Options) { o.RetryMaxAttempts = 1 })
	must(t, listTables(client))
	// Half-written: the last good one goes on.
	must(t, os.WriteFile(certFile, []byte("half"), 0o600))
	must(t, os.Chtimes(certFile, time.Now(), time.Now().Add(time.Hour)))
	drop(client)
	must(t, listTables(client))
	// Another one, which the server does not know.
	other, err := alb.NewAlternatorLB(cluster.Seeds(), alb.WithClientCertificateFile(certFile, keyFile))
	if err == nil {
		other.Close()
		t.Error("half a certificate was accepted")
	}
	stranger(t, certFile, keyFile)
	must(t, os.Chtimes(certFile, time.Now(), time.Now().Add(2*time.Hour)))
	drop(client)
	if err := listTables(client); err == nil {
		t.Error("the old certificate is still shown")
	}
}

func drop(client *dynamodb.Client) {
	client.Options().HTTPClient.(interface{ CloseIdleConnections() }).CloseIdleConnections()
}

func copyFile(t *testing.T, from, to string) {
	t.Helper()
	data, err := os.ReadFile(from)
	must(t, err)
	must(t, os.WriteFile(to, data, 0o600))
}

package helper_test

import (
	"compress/gzip"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"os"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"go.uber.org/goleak"

	alb "github.com/scylladb/alternator-lb/bindings/go"
	"github.com/scylladb/alternator-lb/bindings/go/helper"
	"github.com/scylladb/alternator-lb/bindings/go/helper/nodeshealth"
	"github.com/scylladb/alternator-lb/bindings/go/helper/rt"
	"github.com/scylladb/alternator-lb/bindings/go/internal/altcluster"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var subnets atomic.Int32

func start(t *testing.T, arguments ...string) *altcluster.Cluster {
	t.Helper()
	return altcluster.Start(t, append([]string{"--subnet", fmt.Sprintf("127.62.%d", subnets.Add(1))}, arguments...)...)
}

func help(t *testing.T, cluster *altcluster.Cluster, options ...helper.Option) *helper.Helper {
	t.Helper()
	h, err := helper.NewHelper(cluster.Seeds()[:1], append([]helper.Option{helper.WithPort(cluster.Port)}, options...)...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(h.Balancer().Close)
	return h
}

func client(t *testing.T, h *helper.Helper) *dynamodb.Client {
	t.Helper()
	made, err := h.NewDynamoDB()
	if err != nil {
		t.Fatal(err)
	}
	return made
}

func listTables(t *testing.T, client *dynamodb.Client) {
	t.Helper()
	if _, err := client.ListTables(t.Context(), &dynamodb.ListTablesInput{}); err != nil {
		t.Fatal(err)
	}
}

func TestClientsUseAllNodesWithoutStart(t *testing.T) {
	cluster := start(t)
	h := help(t, cluster, helper.WithCredentials("whatever", "secret"))
	altcluster.Eventually(t, "three nodes are known", func() bool { return len(h.GetNodes()) == 3 })
	cluster.ResetCounters()
	ddb := client(t, h)
	for range 60 {
		listTables(t, ddb)
	}
	busy := slices.DeleteFunc(cluster.Requests(), func(count int) bool { return count == 0 })
	if len(busy) < 2 {
		t.Errorf("only %d nodes got requests", len(busy))
	}
	if node := h.NextNode(); node.Port() != fmt.Sprint(cluster.Port) {
		t.Errorf("the next node is %v", node)
	}
	if err := h.UpdateLiveNodes(); err != nil {
		t.Error(err)
	}
	if len(h.GetActiveNodes()) != 3 || len(h.GetQuarantinedNodes()) != 0 {
		t.Errorf("active %v, in quarantine %v", h.GetActiveNodes(), h.GetQuarantinedNodes())
	}
}

func TestStopAndStart(t *testing.T) {
	cluster := start(t)
	h := help(t, cluster, helper.WithNodesListUpdatePeriod(100*time.Millisecond),
		helper.WithIdleNodesListUpdatePeriod(100*time.Millisecond))
	altcluster.Eventually(t, "three nodes are known", func() bool { return len(h.GetNodes()) == 3 })
	h.Stop()
	h.Stop()
	cluster.Add()
	cluster.ResetCounters()
	for range 20 {
		listTables(t, client(t, h))
	}
	counters := cluster.Counters()
	for _, node := range counters.Nodes {
		if node.LocalNodes != 0 {
			t.Errorf("node %d was asked by nobody's goroutine", node.Index)
		}
	}
	if len(h.GetNodes()) != 3 {
		t.Errorf("known: %v", h.GetNodes())
	}
	h.Start()
	h.Start()
	altcluster.Eventually(t, "the fourth is known", func() bool { return len(h.GetNodes()) == 4 })
}

func TestScopes(t *testing.T) {
	cluster := start(t, "--topology", "dc1/r1,dc1/r2,dc2/r1")
	for _, test := range []struct {
		name   string
		option []helper.Option
		nodes  int
	}{
		{"datacenter", []helper.Option{helper.WithDatacenter("dc1")}, 2},
		{"rack", []helper.Option{helper.WithRack("r2"), helper.WithDatacenter("dc1")}, 1},
		{"DC scope", []helper.Option{helper.WithRoutingScope(rt.NewDCScope("dc2", nil))}, 1},
		{"chain", []helper.Option{helper.WithRoutingScope(rt.NewRackScope("dc1", "r9", rt.NewDCScope("dc1",
			rt.NewClusterScope())))}, 2},
		{"cluster", []helper.Option{helper.WithRoutingScope(rt.NewClusterScope())}, 2}, // one seed knows its own datacenter
	} {
		t.Run(test.name, func(t *testing.T) {
			h := help(t, cluster, test.option...)
			altcluster.Eventually(t, "the nodes of the scope are known", func() bool { return len(h.GetNodes()) == test.nodes })
			wrong := h.CheckIfRackAndDatacenterSetCorrectly()
			if (test.name == "chain") != errors.Is(wrong, alb.ErrScopeUnknown) {
				t.Errorf("the check says %v", wrong)
			}
			if supported, err := h.CheckIfRackDatacenterFeatureIsSupported(); !supported || err != nil {
				t.Errorf("supported: %v, %v", supported, err)
			}
		})
	}
	scope := rt.NewRackScope("d", "r", rt.NewDCScope("d", rt.NewClusterScope()))
	if text := fmt.Sprint(scope, scope.Fallback(),
		scope.Fallback().Fallback()); text != "Rack(dc=d, rack=r) Datacenter(dc=d) Cluster()" {
		t.Errorf("they are written %s", text)
	}
}

func TestAffinity(t *testing.T) {
	cluster := start(t)
	affinity := helper.NewKeyRouteAffinityConfig(helper.KeyRouteAffinityAnyWrite).WithPkInfo(map[string]string{"things": "pk"})
	h := help(t, cluster, helper.WithKeyRouteAffinity(affinity))
	altcluster.Eventually(t, "three nodes are known", func() bool { return len(h.GetNodes()) == 3 })
	if name := h.GetPartitionKeyName("things"); name != "pk" {
		t.Errorf("the key is %q", name)
	}
	cluster.ResetCounters()
	ddb := client(t, h)
	for range 9 {
		_, err := ddb.PutItem(t.Context(), &dynamodb.PutItemInput{
			TableName: aws.String("things"), Item: map[string]types.AttributeValue{"pk": &types.AttributeValueMemberS{Value: "k"}},
		})
		var missing *types.ResourceNotFoundException
		if !errors.As(err, &missing) {
			t.Fatal(err)
		}
	}
	if requests := cluster.Requests(); slices.Max(requests) != 9 {
		t.Errorf("nodes got %v", requests)
	}
}

func TestCompressionAndHeadersAreSigned(t *testing.T) {
	cluster := start(t, "--auth", "enforce", "--nodes", "1")
	h := help(t, cluster, helper.WithCredentials("alternator", "secret"), helper.WithOptimizeHeaders(true),
		helper.WithUserAgent("mine"),
		helper.WithRequestCompression(helper.NewGzipConfig().WithLevel(gzip.HuffmanOnly).GzipRequestCompressor()),
		helper.WithResponseCompression(helper.ResponseCompressionDeflate, helper.ResponseCompressionGzip))
	listTables(t, client(t, h))
	counters := cluster.Counters()
	seen := counters.Operation("ListTables")
	if seen.ContentEncodings["gzip"] != 1 || seen.AcceptEncodings["deflate, gzip"] != 1 || seen.UserAgents["mine"] != 1 ||
		slices.Contains(seen.Headers, "amz-sdk-request") {
		t.Errorf("sent: %+v", seen)
	}
	plain := h.Update(helper.WithRequestCompression(func(body io.ReadCloser) (io.ReadCloser, string, int64, error) {
		return body, "", 0, nil
	}))
	cluster.ResetCounters()
	listTables(t, client(t, plain))
	counters = cluster.Counters()
	if seen := counters.Operation("ListTables"); len(seen.ContentEncodings) > 0 && seen.ContentEncodings["gzip"] != 0 {
		t.Errorf("sent: %+v", seen)
	}
	failing := h.Update(helper.WithRequestCompression(func(io.ReadCloser) (io.ReadCloser, string, int64, error) {
		return nil, "", 0, io.ErrClosedPipe
	}))
	if _, err := client(t, failing).ListTables(t.Context(), &dynamodb.ListTablesInput{}); !errors.Is(err, io.ErrClosedPipe) {
		t.Errorf("a compressor that fails: %v", err)
	}
}

func TestUpdateSharesTheNodesAndChangesTheClients(t *testing.T) {
	cluster := start(t, "--auth", "enforce")
	h := help(t, cluster, helper.WithCredentials("alternator", "wrong"))
	altcluster.Eventually(t, "three nodes are known", func() bool { return len(h.GetNodes()) == 3 })
	updated := h.Update(helper.WithCredentials("alternator", "secret"), helper.WithAWSRegion("elsewhere"))
	listTables(t, client(t, updated))
	if _, err := client(t, h).ListTables(t.Context(), &dynamodb.ListTablesInput{}); err == nil {
		t.Error("the first helper has changed")
	}
	if len(updated.GetNodes()) != 3 {
		t.Errorf("known: %v", updated.GetNodes())
	}
	if _, err := h.Update(helper.WithServerCACertificateFile("/no/such/file")).NewDynamoDB(); !errors.Is(err, alb.ErrBadValue) {
		t.Errorf("an update that cannot be: %v", err)
	}
}

type certSource struct{ certificate tls.Certificate }

func (c certSource) GetClientCertificate(*tls.CertificateRequestInfo) (*tls.Certificate, error) {
	return &c.certificate, nil
}

func TestTLS(t *testing.T) {
	cluster := start(t, "--mtls", "--nodes", "1")
	certificate, err := tls.LoadX509KeyPair(cluster.ClientCert, cluster.ClientKey)
	if err != nil {
		t.Fatal(err)
	}
	keys := new(strings.Builder)
	for name, options := range map[string][]helper.Option{
		"file": {helper.WithClientCertificateFile(cluster.ClientCert, cluster.ClientKey),
			helper.WithServerCACertificateFile(cluster.CAFile)},
		"certificate": {helper.WithClientCertificate(certificate), helper.WithServerCACertificateFile(cluster.CAFile)},
		"source":      {helper.WithClientCertificateSource(certSource{certificate}), helper.WithIgnoreServerCertificateError(true)},
	} {
		t.Run(name, func(t *testing.T) {
			h := help(t, cluster, append(options, helper.WithScheme("https"),
				helper.WithTLSSessionCache(tls.NewLRUClientSessionCache(1)))...)
			h.Stop() // so that one goroutine alone writes keys
			listTables(t, client(t, h.Update(append(options, helper.WithKeyLogWriter(keys))...)))
		})
	}
	if !strings.Contains(keys.String(), "CLIENT_") {
		t.Errorf("logged: %q", keys)
	}
}

func TestEveryOtherOptionIsTakenOver(t *testing.T) {
	cluster := start(t, "--nodes", "1")
	var wrapped, changed atomic.Bool
	var read helper.Config
	h := help(t, cluster,
		helper.WithScheme("http"), helper.WithLogger(slog.New(slog.DiscardHandler)), helper.WithMaxIdleHTTPConnections(7),
		helper.WithMaxIdleHTTPConnectionsPerHost(3), helper.WithIdleHTTPConnectionTimeout(time.Minute), helper.WithHTTPClientTimeout(5*time.Second),
		helper.WithoutResponseCompression(), helper.WithUserAgentFunc(strings.ToUpper), helper.WithAWSRegion("somewhere"),
		helper.WithCustomOptimizeHeaders(func(c helper.Config) []string {
			read = c
			return []string{"X-Mine"}
		}),
		helper.WithNodeHealthStoreConfig(nodeshealth.NodeHealthStoreConfig{
			QuarantineReleasePeriod: 100 * time.Millisecond, Scoring: nodeshealth.HealthScoring{ResetInterval: time.Second},
		}),
		helper.WithAWSConfigOptions(func(cfg *aws.Config) { changed.Store(cfg.Region == "somewhere") }),
		helper.WithHTTPTransportWrapper(func(inner http.RoundTripper) http.RoundTripper {
			return roundTripper(func(request *http.Request) (*http.Response, error) {
				wrapped.Store(true)
				return inner.RoundTrip(request)
			})
		}))
	listTables(t, client(t, h))
	if !wrapped.Load() || !changed.Load() || read.AWSRegion != "somewhere" || read.Port != cluster.Port {
		t.Errorf("wrapped: %v, changed: %v, read: %+v", wrapped.Load(), changed.Load(), read)
	}
	counters := cluster.Counters()
	for agent := range counters.Operation("ListTables").UserAgents {
		if agent == "" || agent != strings.ToUpper(agent) {
			t.Errorf("the User-Agent is %q", agent)
		}
	}
	off := help(t, cluster, helper.WithNodeHealthStoreConfig(nodeshealth.NodeHealthStoreConfig{Disabled: true}),
		helper.WithoutUserAgent())
	cluster.Fault(0, altcluster.Fault{"kind": "refuse"})
	once, err := off.NewDynamoDB(func(o *dynamodb.Options) { o.RetryMaxAttempts = 1 })
	if err != nil {
		t.Fatal(err)
	}
	for range 3 {
		_, _ = once.ListTables(context.Background(), &dynamodb.ListTablesInput{})
	}
	if aside := off.GetQuarantinedNodes(); len(aside) != 0 {
		t.Errorf("left alone: %v", aside)
	}
}

type roundTripper func(*http.Request) (*http.Response, error)

func (r roundTripper) RoundTrip(request *http.Request) (*http.Response, error) { return r(request) }

type otherScope struct{ rt.ClusterScope }

func TestWhatIsNotAcceptedIsAnError(t *testing.T) {
	for _, option := range []helper.Option{
		helper.WithScheme("ftp"), helper.WithRack("r1"), helper.WithRoutingScope(otherScope{}), helper.WithPort(-1),
		helper.WithKeyRouteAffinity(helper.NewKeyRouteAffinityConfig("always")), helper.WithNodesListUpdatePeriod(time.Microsecond),
	} {
		if _, err := helper.NewHelper([]string{"127.0.0.1"}, option); !errors.Is(err, alb.ErrBadValue) {
			t.Errorf("the error is %v", err)
		}
	}
	defer func() {
		if recover() == nil {
			t.Error("level 10 was accepted")
		}
	}()
	helper.NewGzipConfig().WithLevel(10)
}

// A table in the README says what became of each option: none is left out.
func TestReadmeTellsOfEveryOption(t *testing.T) {
	readme, err := os.ReadFile("../README.md")
	if err != nil {
		t.Fatal(err)
	}
	source, err := os.ReadFile("options.go")
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(source)) {
		name, option := strings.CutPrefix(line, "func With")
		if name, _, _ = strings.Cut(name, "("); option && !strings.Contains(string(readme), "`With"+name+"`") {
			t.Errorf("With%s is not in the README", name)
		}
	}
}

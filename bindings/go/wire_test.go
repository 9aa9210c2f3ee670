package alb_test

import (
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	alb "github.com/scylladb/alternator-lb/bindings/go"
)

// Two characters for each byte of noise: so it gets shorter, but not to nothing.
func noise(bytes int) string {
	some := make([]byte, bytes)
	_, _ = rand.Read(some)
	return hex.EncodeToString(some)
}

func TestSignedCompressedAndStrippedRequestsAreAccepted(t *testing.T) {
	cluster := start(t, "--auth", "enforce")
	for _, coding := range []alb.Coding{alb.Gzip, alb.Deflate} {
		t.Run(string(coding), func(t *testing.T) {
			lb := refreshed(t, cluster, alb.WithCredentials("alternator", "secret"), alb.WithCompression(coding),
				alb.WithResponseCompression(coding), alb.WithHeaderOptimization(), alb.WithUserAgent("orders/1"))
			client := lb.NewDynamoDB()
			if coding == alb.Gzip {
				createTable(t, client)
			}
			// A retry sends the compressed body anew, signed for another node.
			for index := range 2 {
				cluster.Fault(index, map[string]any{"kind": "error", "status": 500, "operation": "PutItem", "count": 1})
			}
			cluster.ResetCounters()
			long, short := noise(4096), "short"
			for key, sent := range map[string]string{"long": long, "short": short} {
				must(t, put(client, key, sent))
				if got := get(t, client, key); got != sent {
					t.Errorf("%s: %d bytes came back of %d", key, len(got), len(sent))
				}
			}
			counters := cluster.Counters()
			puts, gets := counters.Operation("PutItem"), counters.Operation("GetItem")
			if compressed := puts.ContentEncodings[string(coding)]; compressed == 0 || compressed == puts.Requests {
				t.Errorf("of %d bodies %d were compressed", puts.Requests, compressed)
			}
			if gets.AcceptEncodings[string(coding)] != gets.Requests || gets.UserAgents["orders/1"] != gets.Requests {
				t.Errorf("reads came as %+v", gets)
			}
			for _, header := range puts.Headers {
				if strings.HasPrefix(header, "amz-sdk-") {
					t.Errorf("the header %s was sent", header)
				}
			}
		})
	}
}

func TestHeadersToKeepAreKept(t *testing.T) {
	cluster := start(t, "--nodes", "1", "--auth", "enforce")
	lb := refreshed(t, cluster, alb.WithCredentials("alternator", "secret"), alb.WithHeaderOptimization("Amz-Sdk-Invocation-Id"))
	must(t, listTables(lb.NewDynamoDB()))
	counters := cluster.Counters()
	headers := counters.Operation("ListTables").Headers
	if !slices.Contains(headers, "amz-sdk-invocation-id") || slices.Contains(headers, "amz-sdk-request") {
		t.Errorf("sent: %v", headers)
	}
}

func TestWrongSecretIsRefusedAndNoneSendsNoSignature(t *testing.T) {
	cluster := start(t, "--nodes", "1", "--auth", "enforce")
	lb := refreshed(t, cluster)
	if err := listTables(lb.WithCredentials("alternator", "wrong").NewDynamoDB()); err == nil ||
		!strings.Contains(err.Error(), "ignature") {
		t.Errorf("a wrong secret: %v", err)
	}
	signing := lb.WithCredentials("alternator", "secret")
	must(t, listTables(signing.NewDynamoDB()))
	must(t, listTables(dynamodb.NewFromConfig(aws.Config{}, signing.WithEndpointResolverV2())))
	cluster.Settings(map[string]any{"auth": "off"})
	cluster.ResetCounters()
	must(t, listTables(lb.NewDynamoDB()))
	counters := cluster.Counters()
	if headers := counters.Operation("ListTables").Headers; slices.Contains(headers, "authorization") {
		t.Errorf("sent: %v", headers)
	}
}

func TestUserAgentIsTheProgramsOrTheSDKs(t *testing.T) {
	cluster := start(t, "--nodes", "1")
	for _, test := range []struct {
		name            string
		option          alb.Option
		wanted          func(string) bool
		wantedDiscovery string
	}{
		{"SDK", alb.WithPort(cluster.Port), func(s string) bool { return strings.HasPrefix(s, "aws-sdk-go-v2/") },
			"alternator-lb-go/" + alb.Version},
		{"text", alb.WithUserAgent("mine"), func(s string) bool { return s == "mine" }, "mine"},
		{"function", alb.WithUserAgentFunc(func(s string) string { return "mine " + s }),
			func(s string) bool { return strings.HasPrefix(s, "mine aws-sdk-go-v2/") }, "mine alternator-lb-go/" + alb.Version},
		{"none", alb.WithoutUserAgent(), func(s string) bool { return s == "" }, ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			cluster.ResetCounters()
			lb := balance(t, cluster, test.option)
			must(t, listTables(lb.NewDynamoDB()))
			must(t, lb.Refresh(t.Context()))
			counters := cluster.Counters()
			operation := counters.Operation("ListTables")
			for agent := range operation.UserAgents {
				if !test.wanted(agent) {
					t.Errorf("requests called themselves %q", agent)
				}
			}
			if sent := slices.Contains(operation.Headers, "user-agent"); sent != (test.name != "none") {
				t.Errorf("the header was sent: %v", sent)
			}
			for agent := range counters.Nodes[0].LocalNodesSeen.UserAgents {
				if agent != test.wantedDiscovery {
					t.Errorf("discovery called itself %q", agent)
				}
			}
		})
	}
}

// A server of our own shows what the local cluster does not: answers that are wrong.
func answering(t *testing.T, encoding string, body []byte) *dynamodb.Client {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Encoding", encoding)
		_, _ = w.Write(body)
	}))
	t.Cleanup(server.Close)
	lb, err := alb.NewAlternatorLB([]string{strings.TrimPrefix(server.URL, "http://")}, alb.WithManualRefresh(),
		alb.WithResponseCompression(alb.Gzip))
	must(t, err)
	t.Cleanup(lb.Close)
	return lb.NewDynamoDB(func(o *dynamodb.Options) { o.RetryMaxAttempts = 1 })
}

func TestAnswersThatDoNotInflateAreErrors(t *testing.T) {
	for encoding, wanted := range map[string]error{"gzip": alb.ErrBadResponse, "br": alb.ErrUnsupported} {
		if err := listTables(answering(t, encoding, []byte("nonsense"))); !errors.Is(err, wanted) {
			t.Errorf("%s: %v", encoding, err)
		}
	}
	if err := listTables(answering(t, "identity", []byte("{}"))); err != nil {
		t.Errorf("identity: %v", err)
	}
}

func TestAnswerThatInflatesToTooMuchIsAnError(t *testing.T) {
	bomb := gzipped(t, 65<<20)
	if err := listTables(answering(t, "gzip", bomb)); !errors.Is(err, alb.ErrTooLarge) {
		t.Errorf("%d bytes: %v", len(bomb), err)
	}
}

func TestRefusedOptionsAreNamed(t *testing.T) {
	for _, test := range []struct {
		option alb.Option
		said   []string
		is     error
	}{
		{alb.WithPort(70000), []string{"port", "70000", "65535"}, alb.ErrBadValue},
		{alb.WithScheme("ftp"), []string{"scheme", "ftp", "https"}, alb.ErrBadValue},
		{alb.WithCompressionLevel(10), []string{"compression.level", "10", "9"}, alb.ErrBadValue},
		{alb.WithAffinity("always"), []string{"affinity", "always", "any_write"}, alb.ErrBadValue},
		{alb.WithOption("no.such.option", "1"), []string{"no.such.option"}, alb.ErrUnknownOption},
		{alb.WithOption("refresh.mode", "thread"), []string{"refresh.mode", "WithManualRefresh"}, alb.ErrBadValue},
		{alb.WithOption("tls.verify", "none"), []string{"tls.verify"}, alb.ErrBadValue},
		{alb.WithOption("user_agent", "x"), []string{"user_agent", "WithUserAgent"}, alb.ErrBadValue},
		{alb.WithRack("r1"), []string{"WithRack", "r1", "WithDatacenter"}, alb.ErrBadValue},
		{alb.WithRoutingScope(), []string{"WithRoutingScope"}, alb.ErrBadValue},
		{alb.WithCAFile("/no/such/file"), []string{"/no/such/file"}, alb.ErrBadValue},
		{alb.WithCAFile("doc.go"), []string{"doc.go", "PEM"}, alb.ErrBadValue},
		{alb.WithClientCertificateFile("/no/cert", "/no/key"), []string{"/no/cert"}, alb.ErrBadValue},
		{alb.WithTableKeys(map[string]string{"no table!": "pk"}), []string{"no table!"}, alb.ErrBadValue},
		{alb.WithRefreshIntervals(1, 1), []string{"refresh.active_ms", "0", "100"}, alb.ErrBadValue},
	} {
		_, err := alb.NewAlternatorLB([]string{"127.0.0.1"}, test.option)
		var details *alb.Error
		if !errors.Is(err, test.is) || !errors.As(err, &details) {
			t.Errorf("%v: %v", test.said, err)
			continue
		}
		for _, said := range test.said {
			if !strings.Contains(err.Error(), said) {
				t.Errorf("%q is not in %v", said, err)
			}
		}
	}
	for _, nodes := range [][]string{nil, {""}, {"a,b"}, {"http://node"}, {"node:port"}, {"a\x00b"}} {
		if _, err := alb.NewAlternatorLB(nodes); err == nil {
			t.Errorf("%q was accepted", nodes)
		}
	}
	_, err := alb.NewAlternatorLB([]string{"127.0.0.1"}, alb.WithDatacenter("a"), alb.WithRoutingScope(alb.ClusterScope()))
	if err == nil || !strings.Contains(err.Error(), "WithRoutingScope") {
		t.Errorf("two scopes: %v", fmt.Sprint(err))
	}
}

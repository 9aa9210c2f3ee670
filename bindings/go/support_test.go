package alb_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"log"
	"math/big"
	"os"
	"strconv"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"go.uber.org/goleak"

	alb "github.com/scylladb/alternator-lb/bindings/go"
	"github.com/scylladb/alternator-lb/bindings/go/internal/altcluster"
)

// Examples are functions without a test: they find the cluster that the README starts.
func TestMain(m *testing.M) {
	_, stop, err := altcluster.Launch("--nodes", "3", "--subnet", "127.69.0")
	if err != nil {
		log.Fatal(err)
	}
	status := m.Run()
	stop() // ends connections that clients of the SDK's own transport keep
	if err := goleak.Find(); status == 0 && err != nil {
		log.Fatal(err)
	}
	os.Exit(status)
}

// Clusters of several test programs run at once: each takes subnets of its own.
var subnets atomic.Int32

func subnet() string {
	first, err := strconv.Atoi(os.Getenv("ALTERNATOR_GO_SUBNET"))
	if err != nil {
		first = 61
	}
	return fmt.Sprintf("127.%d.%d", first, subnets.Add(1))
}

func start(t testing.TB, arguments ...string) *altcluster.Cluster {
	t.Helper()
	return altcluster.Start(t, append([]string{"--subnet", subnet()}, arguments...)...)
}

func balance(t testing.TB, cluster *altcluster.Cluster, options ...alb.Option) *alb.AlternatorLB {
	t.Helper()
	options = append([]alb.Option{alb.WithPort(cluster.Port), alb.WithScheme(cluster.Scheme)}, options...)
	lb, err := alb.NewAlternatorLB(cluster.Seeds(), options...)
	must(t, err)
	t.Cleanup(lb.Close)
	return lb
}

// refreshed is a balancer that knows all nodes and starts no goroutine.
func refreshed(t testing.TB, cluster *altcluster.Cluster, options ...alb.Option) *alb.AlternatorLB {
	t.Helper()
	lb := balance(t, cluster, append([]alb.Option{alb.WithManualRefresh()}, options...)...)
	must(t, lb.Refresh(t.Context()))
	return lb
}

const items = "items"

func createTable(t testing.TB, client *dynamodb.Client) {
	t.Helper()
	_, err := client.CreateTable(context.Background(), &dynamodb.CreateTableInput{
		TableName: aws.String(items),
		KeySchema: []types.KeySchemaElement{{AttributeName: aws.String("pk"), KeyType: types.KeyTypeHash}},
		AttributeDefinitions: []types.AttributeDefinition{{AttributeName: aws.String("pk"),
			AttributeType: types.ScalarAttributeTypeS}},
		BillingMode: types.BillingModePayPerRequest,
	})
	must(t, err)
}

func text(value string) types.AttributeValue { return &types.AttributeValueMemberS{Value: value} }

func item(key, value string) map[string]types.AttributeValue {
	return map[string]types.AttributeValue{"pk": text(key), "v": text(value)}
}

func put(client *dynamodb.Client, key, value string) error {
	_, err := client.PutItem(context.Background(), &dynamodb.PutItemInput{TableName: aws.String(items), Item: item(key, value)})
	return err
}

func get(t testing.TB, client *dynamodb.Client, key string) string {
	t.Helper()
	answer, err := client.GetItem(t.Context(), &dynamodb.GetItemInput{
		TableName: aws.String(items), Key: map[string]types.AttributeValue{"pk": text(key)}, ConsistentRead: aws.Bool(true),
	})
	must(t, err)
	value, ok := answer.Item["v"].(*types.AttributeValueMemberS)
	if !ok {
		t.Fatalf("%s is not there: %v", key, answer.Item)
	}
	return value.Value
}

func listTables(client *dynamodb.Client) error {
	_, err := client.ListTables(context.Background(), &dynamodb.ListTablesInput{})
	return err
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// outcomes adds up what was reported of all nodes.
func outcomes(t testing.TB, lb *alb.AlternatorLB) map[string]int {
	t.Helper()
	var statistics struct {
		Nodes []struct{ Outcomes map[string]int }
	}
	read(t, lb, &statistics)
	sum := make(map[string]int)
	for _, node := range statistics.Nodes {
		for outcome, count := range node.Outcomes {
			sum[outcome] += count
		}
	}
	return sum
}

func read(t testing.TB, lb *alb.AlternatorLB, statistics any) {
	t.Helper()
	text, err := lb.Statistics()
	must(t, err)
	must(t, json.Unmarshal(text, statistics))
}

func total(counts map[string]int) (sum int) {
	for _, count := range counts {
		sum += count
	}
	return sum
}

// gzipped is so many zeros.
func gzipped(t testing.TB, length int) []byte {
	t.Helper()
	var buffer bytes.Buffer
	writer := gzip.NewWriter(&buffer)
	_, err := writer.Write(make([]byte, length))
	must(t, err)
	must(t, writer.Close())
	return buffer.Bytes()
}

// stranger writes a certificate that nobody has signed.
func stranger(t testing.TB, certFile, keyFile string) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	must(t, err)
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour)}
	certificate, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	must(t, err)
	private, err := x509.MarshalPKCS8PrivateKey(key)
	must(t, err)
	must(t, os.WriteFile(certFile, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: certificate}), 0o600))
	must(t, os.WriteFile(keyFile, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: private}), 0o600))
}

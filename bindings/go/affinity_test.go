package alb_test

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	alb "github.com/scylladb/alternator-lb/bindings/go"
	"github.com/scylladb/alternator-lb/bindings/go/internal/altcluster"
	"github.com/scylladb/alternator-lb/bindings/go/internal/core"
)

var (
	anyWrite  = alb.WithAffinity(alb.AffinityAnyWrite)
	tableKeys = alb.WithTableKeys(map[string]string{items: "pk"})
)

func keys(count int) []string {
	list := make([]string, count)
	for i := range list {
		list[i] = fmt.Sprint("key", i)
	}
	return list
}

// routed is how many requests went which way.
func routed(t testing.TB, lb *alb.AlternatorLB) map[string]int {
	t.Helper()
	var statistics struct {
		Affinity struct{ Routed map[string]int }
	}
	read(t, lb, &statistics)
	return statistics.Affinity.Routed
}

func TestWritesOfAKeyMeetOnOneNode(t *testing.T) {
	cluster := start(t)
	lb := refreshed(t, cluster, anyWrite, tableKeys, alb.WithPolicy(alb.RoundRobin))
	client := lb.NewDynamoDB()
	createTable(t, client)
	key := func(name string) map[string]types.AttributeValue {
		return map[string]types.AttributeValue{"pk": text(name)}
	}
	for _, name := range keys(12) {
		must(t, put(client, name, "first"))
		_, err := client.UpdateItem(t.Context(), &dynamodb.UpdateItemInput{
			TableName: aws.String(items), Key: key(name), UpdateExpression: aws.String("SET v = :v"),
			ExpressionAttributeValues: map[string]types.AttributeValue{":v": text("second")},
		})
		must(t, err)
		_, err = client.DeleteItem(t.Context(), &dynamodb.DeleteItemInput{TableName: aws.String(items), Key: key(name)})
		must(t, err)
	}
	serving := make(map[int]bool)
	coordinators := cluster.Coordinators(items)
	for name, nodes := range coordinators {
		if len(nodes) != 1 {
			t.Errorf("%s was written at %v", name, nodes)
		}
		serving[nodes[0]] = true
	}
	if len(coordinators) != 12 || len(serving) != 3 {
		t.Errorf("%d keys at %d nodes", len(coordinators), len(serving))
	}
	if got := routed(t, lb)["by_key"]; got != 36 {
		t.Errorf("%d writes went by key", got)
	}
}

func TestTypedParametersAreWhatTheServerReadsFirst(t *testing.T) {
	cluster := start(t, "--nodes", "1")
	lb := refreshed(t, cluster, alb.WithAffinity(alb.AffinityRMW), tableKeys)
	client := lb.NewDynamoDB(func(o *dynamodb.Options) { o.RetryMaxAttempts = 1 })
	table := aws.String(items)
	expected := map[string]types.ExpectedAttributeValue{"v": {Exists: aws.Bool(false)}}
	change := func(action types.AttributeAction, value types.AttributeValue) map[string]types.AttributeValueUpdate {
		return map[string]types.AttributeValueUpdate{"v": {Action: action, Value: value}}
	}
	key := map[string]types.AttributeValue{"pk": text("k")}
	// The table is not there: how a request is routed does not depend on what becomes of it.
	put := func(change func(*dynamodb.PutItemInput)) func() {
		return func() {
			input := &dynamodb.PutItemInput{TableName: table, Item: item("k", "v")}
			change(input)
			_, _ = client.PutItem(t.Context(), input)
		}
	}
	update := func(change func(*dynamodb.UpdateItemInput)) func() {
		return func() {
			input := &dynamodb.UpdateItemInput{TableName: table, Key: key}
			change(input)
			_, _ = client.UpdateItem(t.Context(), input)
		}
	}
	for _, test := range []struct {
		name  string
		byKey bool
		call  func()
	}{
		{"put", false, put(func(*dynamodb.PutItemInput) {})},
		{"put, condition", true,
			put(func(i *dynamodb.PutItemInput) { i.ConditionExpression = aws.String("attribute_not_exists(pk)") })},
		{"put, empty condition", false, put(func(i *dynamodb.PutItemInput) { i.ConditionExpression = aws.String("") })},
		{"put, expected", true, put(func(i *dynamodb.PutItemInput) { i.Expected = expected })},
		{"put, all old", true, put(func(i *dynamodb.PutItemInput) { i.ReturnValues = types.ReturnValueAllOld })},
		{"put, none", false, put(func(i *dynamodb.PutItemInput) { i.ReturnValues = types.ReturnValueNone })},
		{"update", false, update(func(*dynamodb.UpdateItemInput) {})},
		{"update, expression", true,
			update(func(i *dynamodb.UpdateItemInput) { i.UpdateExpression = aws.String("SET v = v + :one") })},
		{"update, put", false,
			update(func(i *dynamodb.UpdateItemInput) { i.AttributeUpdates = change(types.AttributeActionPut, text("v")) })},
		{"update, add", true,
			update(func(i *dynamodb.UpdateItemInput) { i.AttributeUpdates = change(types.AttributeActionAdd, text("v")) })},
		{"update, delete", false,
			update(func(i *dynamodb.UpdateItemInput) { i.AttributeUpdates = change(types.AttributeActionDelete, nil) })},
		{"update, delete of", true, update(func(i *dynamodb.UpdateItemInput) {
			i.AttributeUpdates = change(types.AttributeActionDelete, &types.AttributeValueMemberSS{Value: []string{"v"}})
		})},
		{"update, updated old", true, update(func(i *dynamodb.UpdateItemInput) { i.ReturnValues = types.ReturnValueUpdatedOld })},
		{"update, all new", true, update(func(i *dynamodb.UpdateItemInput) { i.ReturnValues = types.ReturnValueAllNew })},
		{"delete", false, func() { _, _ = client.DeleteItem(t.Context(), &dynamodb.DeleteItemInput{TableName: table, Key: key}) }},
		{"delete, condition", true, func() {
			input := &dynamodb.DeleteItemInput{TableName: table, Key: key, ConditionExpression: aws.String("v = :v")}
			_, _ = client.DeleteItem(t.Context(), input)
		}},
		{"get", false, func() { _, _ = client.GetItem(t.Context(), &dynamodb.GetItemInput{TableName: table, Key: key}) }},
		{"nothing", false, func() { _, _ = client.PutItem(t.Context(), nil) }},
	} {
		before := routed(t, lb)["by_key"]
		test.call()
		if byKey := routed(t, lb)["by_key"] - before; (byKey == 1) != test.byKey {
			t.Errorf("%s: %d went by key", test.name, byKey)
		}
	}
}

func TestKeysOfEveryTypeGoWhereTheTextOfARequestWould(t *testing.T) {
	cluster := start(t)
	lb := refreshed(t, cluster, anyWrite, alb.WithTableKeys(map[string]string{"typed": "pk"}))
	client := lb.NewDynamoDB(func(o *dynamodb.Options) { o.RetryMaxAttempts = 1 })
	handle, err := core.New([]core.Setting{{Key: "seeds", Value: strings.Join(cluster.Seeds(), ",")}, {Key: "discovery", Value: "static"},
		{Key: "refresh.mode", Value: "manual"}})
	must(t, err)
	for _, test := range []struct {
		value types.AttributeValue
		key   core.Key
	}{
		{text("ä€😀"), core.Key{Type: core.KeyString, Value: "ä€😀"}},
		{text(strings.Repeat("x", 600)), core.Key{Type: core.KeyString, Value: strings.Repeat("x", 600)}},
		{&types.AttributeValueMemberN{Value: "42"}, core.Key{Type: core.KeyNumber, Value: "42"}},
		{&types.AttributeValueMemberN{Value: "-1.5E+10"}, core.Key{Type: core.KeyNumber, Value: "-1.5E+10"}},
		{&types.AttributeValueMemberB{Value: []byte{0, 1, 255}}, core.Key{Type: core.KeyBinary, Value: "\x00\x01\xff"}},
		{&types.AttributeValueMemberB{Value: []byte("1")}, core.Key{Type: core.KeyBinary, Value: "1"}},
		{&types.AttributeValueMemberB{Value: []byte("2")}, core.Key{Type: core.KeyBinary, Value: "2"}},
		{&types.AttributeValueMemberB{Value: []byte("3")}, core.Key{Type: core.KeyBinary, Value: "3"}},
	} {
		cluster.ResetCounters()
		before := routed(t, lb)["by_key"]
		for range 4 {
			_, _ = client.PutItem(t.Context(), &dynamodb.PutItemInput{
				TableName: aws.String("typed"), Item: map[string]types.AttributeValue{"pk": test.value},
			})
		}
		node, err := handle.Node(handle.NodeForKey(test.key))
		must(t, err)
		place := slices.IndexFunc(cluster.Nodes, func(other altcluster.Node) bool { return other.URL == node.Text })
		if requests := cluster.Requests(); requests[place] != 4 {
			t.Errorf("%T: nodes got %v, not %d", test.value, requests, place)
		}
		if byKey := routed(t, lb)["by_key"] - before; byKey != 4 {
			t.Errorf("%T: %d went by key", test.value, byKey)
		}
	}
}

func TestBatchesGoWhereTheirItemsVote(t *testing.T) {
	cluster := start(t)
	lb := refreshed(t, cluster, anyWrite, tableKeys, alb.WithPolicy(alb.RoundRobin))
	client := lb.NewDynamoDB()
	createTable(t, client)
	must(t, put(client, "one", "v"))
	node := cluster.Coordinators(items)["one"][0]
	cluster.ResetCounters()
	for range 5 {
		_, err := client.BatchWriteItem(t.Context(), &dynamodb.BatchWriteItemInput{RequestItems: map[string][]types.WriteRequest{
			items: {{PutRequest: &types.PutRequest{Item: item("one", "w")}}},
		}})
		must(t, err)
		_, err = client.BatchWriteItem(t.Context(), &dynamodb.BatchWriteItemInput{RequestItems: map[string][]types.WriteRequest{
			items: {{DeleteRequest: &types.DeleteRequest{Key: map[string]types.AttributeValue{"pk": text("one")}}}},
		}})
		must(t, err)
	}
	if requests := cluster.Requests(); requests[node] != 10 {
		t.Errorf("nodes got %v, the items' node is %d", requests, node)
	}
}

func TestRetriesOfAKeyMeetOnOneOtherNode(t *testing.T) {
	cluster := start(t)
	lb := refreshed(t, cluster, anyWrite, tableKeys)
	client := lb.NewDynamoDB()
	createTable(t, client)
	must(t, put(client, "one", "v"))
	first := cluster.Coordinators(items)["one"][0]
	cluster.Fault(first, altcluster.Fault{"kind": "error", "status": 500})
	cluster.ResetCounters()
	for range 6 {
		must(t, put(client, "one", "v"))
	}
	others := slices.DeleteFunc(cluster.Coordinators(items)["one"], func(node int) bool { return node == first })
	if len(others) != 1 {
		t.Errorf("it was written at %v, and at %d", others, first)
	}
}

func TestKeyOfATableIsLearnedBesideTheRequests(t *testing.T) {
	cluster := start(t)
	createTable(t, refreshed(t, cluster).NewDynamoDB())
	lb := balance(t, cluster, anyWrite)
	client := lb.NewDynamoDB()
	must(t, put(client, "one", "v"))
	altcluster.Eventually(t, "the key is known", func() bool { return lb.PartitionKeyName(items) == "pk" })
	counters := cluster.Counters()
	if described := counters.Operation("DescribeTable").Requests; described != 1 {
		t.Errorf("%d DescribeTable", described)
	}
	before := routed(t, lb)
	cluster.ResetCounters()
	for range 6 {
		must(t, put(client, "one", "v"))
	}
	if nodes := cluster.Coordinators(items)["one"]; len(nodes) != 1 {
		t.Errorf("written at %v", nodes)
	}
	if after := routed(t, lb); before["key_unknown"] != 1 || after["by_key"] != 6 {
		t.Errorf("before: %v, after: %v", before, after)
	}
}

func TestDescribeTableThatHangsHoldsNothingUp(t *testing.T) {
	cluster := start(t)
	createTable(t, refreshed(t, cluster).NewDynamoDB())
	for index := range 3 {
		cluster.Fault(index, altcluster.Fault{"kind": "hang", "operation": "DescribeTable"})
	}
	lb := balance(t, cluster, anyWrite)
	client := lb.NewDynamoDB()
	must(t, put(client, "one", "v"))
	altcluster.Eventually(t, "the question is on its way", func() bool {
		counters := cluster.Counters()
		return counters.Operation("DescribeTable").Requests == 1
	})
	must(t, put(client, "one", "v"))
	if name := lb.PartitionKeyName(items); name != "" {
		t.Errorf("the key is %q", name)
	}
	lb.Close() // and waits for nobody who hangs
}

func TestDescribeTableThatFailsIsOneAttemptAndToldToTheCore(t *testing.T) {
	cluster := start(t)
	createTable(t, refreshed(t, cluster).NewDynamoDB())
	for index := range 3 {
		cluster.Fault(index, altcluster.Fault{"kind": "error", "status": 400, "error_type": "AccessDeniedException", "operation": "DescribeTable"})
	}
	lb := balance(t, cluster, anyWrite)
	must(t, put(lb.NewDynamoDB(), "one", "v"))
	var reason string
	altcluster.Eventually(t, "the failure is an event", func() bool {
		for _, event := range lb.Events() {
			if event.Kind == "table_key_failed" {
				reason = event.Reason
			}
		}
		return reason != ""
	})
	if !strings.Contains(reason, "AccessDeniedException") {
		t.Errorf("the reason is %q", reason)
	}
	for index := range 3 {
		cluster.Heal(index)
		cluster.Fault(index, altcluster.Fault{"kind": "error", "status": 500, "operation": "DescribeTable"})
	}
	cluster.ResetCounters()
	other := balance(t, cluster, anyWrite)
	must(t, put(other.NewDynamoDB(), "one", "v"))
	altcluster.Eventually(t, "the failure is an event", func() bool {
		return slices.ContainsFunc(other.Events(), func(event alb.Event) bool { return event.Kind == "table_key_failed" })
	})
	counters := cluster.Counters()
	if described := counters.Operation("DescribeTable").Requests; described != 1 {
		t.Errorf("%d DescribeTable", described)
	}
}

func TestManualModeDescribesWhenItRefreshes(t *testing.T) {
	cluster := start(t)
	createTable(t, refreshed(t, cluster).NewDynamoDB())
	lb := refreshed(t, cluster, anyWrite)
	client := lb.NewDynamoDB()
	for range 50 {
		must(t, put(client, "one", "v"))
	}
	counters := cluster.Counters()
	if asked := counters.Operation("DescribeTable").Requests; asked != 0 || lb.PartitionKeyName(items) != "" {
		t.Errorf("%d asked by themselves: %q", asked, lb.PartitionKeyName(items))
	}
	must(t, lb.Refresh(t.Context()))
	if name := lb.PartitionKeyName(items); name != "pk" {
		t.Errorf("the key is %q", name)
	}
}

func TestKeyIsLearnedFromAnswersThatPassBy(t *testing.T) {
	cluster := start(t, "--nodes", "1")
	first := refreshed(t, cluster, anyWrite)
	createTable(t, first.NewDynamoDB())
	second := refreshed(t, cluster, anyWrite)
	_, err := second.NewDynamoDB().DescribeTable(t.Context(), &dynamodb.DescribeTableInput{TableName: aws.String(items)})
	must(t, err)
	if first.PartitionKeyName(items) != "pk" || second.PartitionKeyName(items) != "pk" {
		t.Errorf("known: %q, %q", first.PartitionKeyName(items), second.PartitionKeyName(items))
	}
}

func TestPatchedClientDescribesWithItsOwnOptions(t *testing.T) {
	cluster := start(t, "--auth", "enforce")
	lb := balance(t, cluster, anyWrite)
	// Credentials that are set behind the patch are the client's all the same.
	client := dynamodb.NewFromConfig(aws.Config{}, lb.WithEndpointResolverV2(), func(o *dynamodb.Options) {
		o.Credentials = aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{AccessKeyID: "alternator", SecretAccessKey: "secret"}, nil
		})
	})
	createTable(t, refreshed(t, cluster).WithCredentials("alternator", "secret").NewDynamoDB())
	must(t, put(client, "one", "v"))
	altcluster.Eventually(t, "the key is known", func() bool { return lb.PartitionKeyName(items) == "pk" })
}

const pythonWriter = `
import sys
from alternator_lb import AlternatorLB

seed, port, *names = sys.argv[1:]
with AlternatorLB([seed], port=int(port), affinity="any_write", table_keys={"items": "pk"}, refresh="manual") as lb:
    lb.refresh()
    client = lb.new_dynamodb_client()
    for name in names:
        client.put_item(TableName="items", Item={"pk": {"S": name}, "v": {"S": "python"}})
`

func TestProcessesInGoAndPythonAgreeOnTheCoordinatorOfEachKey(t *testing.T) {
	python := os.Getenv("PYTHON")
	if python == "" {
		t.Skip("PYTHON names no interpreter that has the Python package: `make test-go` does")
	}
	cluster := start(t)
	lb := refreshed(t, cluster, anyWrite, tableKeys)
	client := lb.NewDynamoDB()
	createTable(t, client)
	names := keys(60)
	arguments := append([]string{"-c", pythonWriter, cluster.Nodes[2].Address, fmt.Sprint(cluster.Port)}, names...)
	writer := exec.CommandContext(t.Context(), python, arguments...)
	output := new(strings.Builder)
	writer.Stdout, writer.Stderr = output, output
	must(t, writer.Start())
	for _, name := range names {
		must(t, put(client, name, "go"))
	}
	if err := writer.Wait(); err != nil {
		t.Fatalf("%v\n%s", err, output)
	}
	counters := cluster.Counters()
	serving := make(map[int]bool)
	for _, name := range names {
		counts := counters.Writes[items][name]
		for node, count := range counts {
			serving[node] = true
			if len(counts) != 1 || count != 2 {
				t.Errorf("%s was written at %v", name, counts)
			}
		}
	}
	if len(serving) != 3 {
		t.Errorf("only the nodes %v serve", serving)
	}
}

package alb_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"log/slog"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	alb "github.com/scylladb/alternator-lb/bindings/go"
	"github.com/scylladb/alternator-lb/bindings/go/helper"
)

// Every snippet of the README stands here, where it runs.

func Example() {
	lb, err := alb.NewAlternatorLB([]string{"127.69.0.11"}, alb.WithPort(8000))
	if err != nil {
		log.Fatal(err)
	}
	defer lb.Close()
	client := lb.WithCredentials("key", "secret").NewDynamoDB()

	ctx := context.Background()
	_, err = client.CreateTable(ctx, &dynamodb.CreateTableInput{
		TableName:            aws.String("greetings"),
		KeySchema:            []types.KeySchemaElement{{AttributeName: aws.String("language"), KeyType: types.KeyTypeHash}},
		AttributeDefinitions: []types.AttributeDefinition{{AttributeName: aws.String("language"), AttributeType: "S"}},
		BillingMode:          types.BillingModePayPerRequest,
	})
	if err != nil {
		log.Fatal(err)
	}
	_, err = client.PutItem(ctx, &dynamodb.PutItemInput{
		TableName: aws.String("greetings"),
		Item: map[string]types.AttributeValue{
			"language": &types.AttributeValueMemberS{Value: "en"},
			"text":     &types.AttributeValueMemberS{Value: "hello"},
		},
	})
	if err != nil {
		log.Fatal(err)
	}
	answer, err := client.GetItem(ctx, &dynamodb.GetItemInput{
		TableName: aws.String("greetings"),
		Key:       map[string]types.AttributeValue{"language": &types.AttributeValueMemberS{Value: "en"}},
	})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(answer.Item["text"].(*types.AttributeValueMemberS).Value)
	// Output: hello
}

func ExampleAlternatorLB_WithEndpointResolverV2() {
	cfg := aws.Config{Region: "us-east-1", RetryMaxAttempts: 5} // or config.LoadDefaultConfig(ctx)

	lb, err := alb.NewAlternatorLB([]string{"127.69.0.11"})
	if err != nil {
		log.Fatal(err)
	}
	defer lb.Close()
	client := dynamodb.NewFromConfig(cfg, lb.WithEndpointResolverV2())

	_, err = client.DescribeTable(context.Background(), &dynamodb.DescribeTableInput{TableName: aws.String("nobody")})
	var missing *types.ResourceNotFoundException
	fmt.Println(errors.As(err, &missing))
	// Output: true
}

func ExampleAlternatorLB_PatchConfig() {
	lb, err := alb.NewAlternatorLB([]string{"127.69.0.11"})
	if err != nil {
		log.Fatal(err)
	}
	defer lb.Close()

	var cfg aws.Config
	lb.PatchConfig(&cfg)
	client := dynamodb.NewFromConfig(cfg)

	_, err = client.ListTables(context.Background(), &dynamodb.ListTablesInput{})
	fmt.Println(err)
	// Output: <nil>
}

func ExampleWithRack() {
	lb, err := alb.NewAlternatorLB([]string{"127.69.0.11"}, alb.WithDatacenter("dc1"), alb.WithRack("r1"))
	if err != nil {
		log.Fatal(err)
	}
	defer lb.Close()

	if err := lb.CheckIfRackAndDatacenterSetCorrectly(); errors.Is(err, alb.ErrScopeUnknown) {
		log.Fatal("no node is there: ", err)
	}
	supported, err := lb.CheckIfRackDatacenterFeatureIsSupported()
	fmt.Println(supported, err)
	// Output: true <nil>
}

func ExampleWithRoutingScope() {
	lb, err := alb.NewAlternatorLB([]string{"127.69.0.11"},
		alb.WithRoutingScope(alb.RackScope("dc1", "gone"), alb.DatacenterScope("dc1"), alb.ClusterScope()))
	if err != nil {
		log.Fatal(err)
	}
	defer lb.Close()
	if err := lb.Refresh(context.Background()); err != nil {
		log.Fatal(err)
	}
	fmt.Println(len(lb.Nodes()), "nodes")
	// Output: 3 nodes
}

func ExampleWithAffinity() {
	lb, err := alb.NewAlternatorLB([]string{"127.69.0.11"}, alb.WithAffinity(alb.AffinityRMW),
		alb.WithTableKeys(map[string]string{"accounts": "id"}))
	if err != nil {
		log.Fatal(err)
	}
	defer lb.Close()
	fmt.Println(lb.PartitionKeyName("accounts"))
	// Output: id
}

func ExampleWithLogger() {
	lb, err := alb.NewAlternatorLB([]string{"127.69.0.11"}, alb.WithLogger(slog.Default()))
	if err != nil {
		log.Fatal(err)
	}
	defer lb.Close()
	// Output:
}

// It is compiled and not run: the README's cluster has no TLS.
func ExampleWithCAFile() {
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()

	lb, err := alb.NewAlternatorLB([]string{"node.example.com"},
		alb.WithScheme("https"), alb.WithPort(8043),
		alb.WithCAFile("/etc/ssl/alternator-ca.pem"),
		alb.WithClientCertificateFile("/etc/ssl/client.pem", "/etc/ssl/client.key"),
	)
	if err != nil {
		log.Fatal(err)
	}
	defer lb.Close()
	_ = lb.Refresh(ctx)
}

func Example_officialHelper() {
	h, err := helper.NewHelper([]string{"127.69.0.11"}, helper.WithPort(8000), helper.WithCredentials("whatever", "secret"))
	if err != nil {
		panic(fmt.Sprintf("failed to create alternator helper: %v", err))
	}
	ddb, err := h.NewDynamoDB()
	if err != nil {
		panic(fmt.Sprintf("failed to create dynamodb client: %v", err))
	}
	defer h.Balancer().Close()
	_, err = ddb.DeleteTable(context.Background(), &dynamodb.DeleteTableInput{TableName: aws.String("nobody")})
	var missing *types.ResourceNotFoundException
	fmt.Println(errors.As(err, &missing))
	// Output: true
}

// What the original helper's README shows: only the import is another, and what did not compile is mended.
func Example_original() {
	tableName := "original"

	lb, err := alb.NewAlternatorLB([]string{"127.69.0.11"})
	if err != nil {
		panic(fmt.Sprintf("Error creating alternator load balancer: %v", err))
	}
	ddb := lb.WithCredentials("whatever", "secret").NewDynamoDB()

	ctx := context.Background()
	_, _ = ddb.DeleteTable(ctx, &dynamodb.DeleteTableInput{
		TableName: aws.String(tableName),
	})

	ddb = dynamodb.NewFromConfig(aws.Config{}, lb.WithEndpointResolverV2())
	_, _ = ddb.DeleteTable(ctx, &dynamodb.DeleteTableInput{
		TableName: aws.String(tableName),
	})
	lb.Close()

	lb, err = alb.NewAlternatorLB([]string{"127.69.0.11"}, alb.WithRack("r1"), alb.WithDatacenter("dc1"))
	if err != nil {
		panic(err)
	}
	defer lb.Close()
	if err := lb.CheckIfRackAndDatacenterSetCorrectly(); err != nil {
		panic(fmt.Errorf("CheckIfRackAndDatacenterSetCorrectly() unexpectedly returned an error: %v", err))
	}
	supported, err := lb.CheckIfRackDatacenterFeatureIsSupported()
	if err != nil {
		panic(fmt.Errorf("failed to check if rack/dc feature is supported: %v", err))
	}
	if !supported {
		panic("dc/rack feature is not supported")
	}
	fmt.Println("done")
	// Output: done
}

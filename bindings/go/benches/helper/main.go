// Command helper prints what a request of a helper's client costs, with a transport that answers at once. It uses nothing
// but the official helper's names, so that official.sh runs it with either import.
package main

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	helper "github.com/scylladb/alternator-lb/bindings/go/helper"
)

type answering struct{}

func (answering) RoundTrip(request *http.Request) (*http.Response, error) {
	body := "{}"
	if request.URL.Path == "/localnodes" {
		body = `["127.0.0.1","127.0.0.2","127.0.0.3"]`
	}
	return &http.Response{
		StatusCode: http.StatusOK, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1, Header: http.Header{}, Request: request,
		Body: io.NopCloser(strings.NewReader(body)),
	}, nil
}

func main() {
	h, err := helper.NewHelper([]string{"127.0.0.1", "127.0.0.2", "127.0.0.3"}, helper.WithPort(8000),
		helper.WithCredentials("key", "secret"),
		helper.WithHTTPTransportWrapper(func(http.RoundTripper) http.RoundTripper { return answering{} }))
	if err != nil {
		panic(err)
	}
	client, err := h.NewDynamoDB()
	if err != nil {
		panic(err)
	}
	item := map[string]types.AttributeValue{
		"pk": &types.AttributeValueMemberS{Value: "some partition key"}, "value": &types.AttributeValueMemberN{Value: "42"},
	}
	var best []int64
	var allocations int64
	for range 5 {
		result := testing.Benchmark(func(b *testing.B) {
			b.ReportAllocs()
			for range b.N {
				_, err := client.PutItem(context.Background(), &dynamodb.PutItemInput{TableName: aws.String("items"), Item: item})
				if err != nil {
					panic(err)
				}
			}
		})
		best = append(best, result.NsPerOp())
		allocations = result.AllocsPerOp()
	}
	fmt.Printf("%s: PutItem, with net/http's client around the transport, best of 5: %.2f us, %d allocations\n", os.Args[1],
		float64(slices.Min(best))/1e3, allocations)
}

package alb

import (
	"context"
	"errors"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/smithy-go"
	smithyhttp "github.com/aws/smithy-go/transport/http"
)

const (
	// Between two looks at which tables' keys the core wants to know: one more call to the core for one in so many writes.
	lookEvery = 100 * time.Millisecond
	// The longest wait for a DescribeTable.
	describeTimeout = time.Second
)

// learn takes in what an answer to CreateTable or DescribeTable says, whoever asked.
func (b *balancer) learn(answer any) {
	var table *types.TableDescription
	switch output := answer.(type) {
	case *dynamodb.CreateTableOutput:
		table = output.TableDescription
	case *dynamodb.DescribeTableOutput:
		table = output.Table
	}
	if table == nil {
		return
	}
	for _, element := range table.KeySchema {
		if element.KeyType == types.KeyTypeHash {
			if err := b.handle.SetTableKey(value(table.TableName), value(element.AttributeName)); err != nil {
				b.log.Warn("the partition key of a table could not be kept", "table", value(table.TableName), "error", err)
			}
		}
	}
}

// lookForWanted sees, now and then, whether the core wants the keys of tables, and asks for them beside the requests.
func (p *client) lookForWanted() {
	b := p.balancer
	b.described.Store(p)
	now := time.Now().UnixNano()
	next := b.nextLook.Load()
	if b.manual || now < next || !b.nextLook.CompareAndSwap(next, now+int64(lookEvery)) {
		return
	}
	if table := b.handle.NextWantedTable(); table != "" {
		b.spawn(func(ctx context.Context) { p.describeFrom(ctx, table) })
	}
}

// describeFrom describes a table, and all others that are wanted.
func (p *client) describeFrom(ctx context.Context, table string) {
	for ; table != ""; table = p.balancer.handle.NextWantedTable() {
		p.describe(ctx, table)
	}
}

// describe makes one attempt: when to ask again is the core's to say. The answer is learned as it passes by.
func (p *client) describe(ctx context.Context, table string) {
	p.describing.Do(func() {
		p.describing.client = dynamodb.New(p.options.Copy(), func(options *dynamodb.Options) {
			options.Retryer, options.RetryMaxAttempts = aws.NopRetryer{}, 0
		})
	})
	ctx, cancel := context.WithTimeout(ctx, describeTimeout)
	defer cancel()
	_, err := p.describing.client.DescribeTable(ctx, &dynamodb.DescribeTableInput{TableName: &table})
	if err == nil {
		return
	}
	var status int
	var answer *smithyhttp.ResponseError
	if errors.As(err, &answer) {
		status = answer.HTTPStatusCode()
	}
	var code string
	var known smithy.APIError
	if errors.As(err, &known) {
		code = known.ErrorCode()
	}
	p.balancer.handle.TableKeyFailed(table, status, code)
}

package alb

import (
	"context"
	"sync"

	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	smithyendpoints "github.com/aws/smithy-go/endpoints"
	"github.com/aws/smithy-go/middleware"
)

// client is one patched DynamoDB client.
type client struct {
	balancer *balancer
	wire     *wire
	// options are the client's own. The SDK goes on changing them behind our back until the client is made, so they are read later.
	options *dynamodb.Options

	describing struct {
		sync.Once
		client *dynamodb.Client
	}
}

// WithEndpointResolverV2 patches the options of a DynamoDB client: requests go to the cluster. What the options have is
// kept; region and credentials are filled in where they are missing. Give it as the last of the functions that change
// options.
//
//	client := dynamodb.NewFromConfig(cfg, lb.WithEndpointResolverV2())
func (lb *AlternatorLB) WithEndpointResolverV2() func(*dynamodb.Options) { return lb.Patch }

// Patch is what WithEndpointResolverV2 gives, for dynamodb.Options that a program holds itself. It is for a client's
// options, not for those of a single call: a transport of the SDK's own becomes another one, with connections of its own.
func (lb *AlternatorLB) Patch(options *dynamodb.Options) {
	if known, ok := options.EndpointResolverV2.(*resolver); ok && known.balancer == lb.balancer {
		return
	}
	patched := &client{balancer: lb.balancer, wire: lb.wire, options: options}
	options.EndpointResolverV2 = &resolver{balancer: lb.balancer, endpoint: lb.balancer.anyEndpoint()}
	options.EndpointDiscovery.EnableEndpointDiscovery = aws.EndpointDiscoveryDisabled
	if options.Region == "" {
		options.Region = lb.sdk.region
	}
	if options.Credentials == nil {
		options.Credentials = lb.sdk.credentials()
	}
	if options.Retryer != nil {
		options.Retryer = hurry(options.Retryer)
	}
	if shared, ok := options.HTTPClient.(*awshttp.BuildableClient); ok {
		options.HTTPClient = shared.WithTransportOptions(lb.sdk.tune)
	}
	options.APIOptions = append(options.APIOptions, patched.build)
}

// PatchConfig makes every DynamoDB client that is made from a configuration one of the cluster's.
func (lb *AlternatorLB) PatchConfig(cfg *aws.Config) {
	cfg.ServiceOptions = append(cfg.ServiceOptions, func(_ string, options any) {
		if options, ok := options.(*dynamodb.Options); ok {
			lb.Patch(options)
		}
	})
}

// AWSConfig is a configuration for clients of the cluster. It depends on nothing outside: no file, no AWS_ variable.
func (lb *AlternatorLB) AWSConfig() aws.Config {
	cfg := aws.Config{
		Region:      lb.sdk.region,
		Credentials: lb.sdk.credentials(),
		HTTPClient:  lb.sdk.httpClient(),
	}
	for _, change := range lb.sdk.awsConfigOptions {
		change(&cfg)
	}
	lb.PatchConfig(&cfg)
	return cfg
}

// NewDynamoDB makes a client of the cluster. Requests are unsigned if there are no credentials.
func (lb *AlternatorLB) NewDynamoDB(change ...func(*dynamodb.Options)) *dynamodb.Client {
	cfg := lb.AWSConfig()
	cfg.ServiceOptions = nil
	return dynamodb.NewFromConfig(cfg, append(change[:len(change):len(change)], lb.Patch)...)
}

// build adds the middleware of one call.
func (p *client) build(stack *middleware.Stack) error {
	c := &call{client: p}
	if p.balancer.byKey {
		if err := stack.Initialize.Add(c, middleware.Before); err != nil {
			return err
		}
	}
	if p.wire.compress != nil {
		if err := stack.Build.Add(c, middleware.After); err != nil {
			return err
		}
	}
	// Within the retry loop, when the URL is there and nothing is hashed or signed yet.
	if err := stack.Finalize.Insert(c, "ResolveEndpointV2", middleware.After); err != nil {
		return err
	}
	if p.wire.acceptEncoding != "" {
		return stack.Deserialize.Insert(c, "OperationDeserializer", middleware.After)
	}
	return nil
}

// resolver gives the SDK any URL of the cluster, so that it need not look for one of AWS. The node of an attempt comes from
// its call.
type resolver struct {
	balancer *balancer
	endpoint smithyendpoints.Endpoint
}

func (r *resolver) ResolveEndpoint(context.Context, dynamodb.EndpointParameters) (smithyendpoints.Endpoint, error) {
	return r.endpoint, nil
}

func staticCredentials(key, secret string) aws.CredentialsProvider {
	if key == "" && secret == "" {
		return aws.AnonymousCredentials{}
	}
	return credentials.NewStaticCredentialsProvider(key, secret, "")
}

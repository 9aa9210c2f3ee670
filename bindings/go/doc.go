// Package alb spreads the requests of aws-sdk-go-v2 DynamoDB clients over the nodes of a ScyllaDB Alternator cluster.
//
//	lb, err := alb.NewAlternatorLB([]string{"10.0.0.1"}, alb.WithPort(8000))
//	...
//	defer lb.Close()
//	client := lb.WithCredentials("key", "secret").NewDynamoDB()
//
// The client is an ordinary *dynamodb.Client. Each attempt of a request is given a node before it is signed, and its outcome is
// reported; a retry goes to another node at once when the node failed. Which node, and which nodes are left alone, is decided by
// libalternator_lb, whose options are in docs/CONFIGURATION.md.
//
// Everything here may be used by any number of goroutines.
package alb

package alb

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"

	"github.com/aws/smithy-go"
	smithyhttp "github.com/aws/smithy-go/transport/http"

	"github.com/scylladb/alternator-lb/bindings/go/internal/core"
)

// Error codes with which DynamoDB and Alternator ask a client to slow down; they come with 400 as well as with 5xx.
var throttlingCodes = map[string]bool{
	"LimitExceededException":                 true,
	"ProvisionedThroughputExceededException": true,
	"RequestLimitExceeded":                   true,
	"SlowDown":                               true,
	"Throttling":                             true,
	"ThrottledException":                     true,
	"ThrottlingException":                    true,
	"TooManyRequestsException":               true,
	"TransactionInProgressException":         true,
}

// outcomeOf translates how an attempt ended into the core's terms; what that means for a node is decided there. An error that is
// neither the node's nor the request's (credentials, serialization) counts as given up, which says nothing about the node.
func outcomeOf(ctx context.Context, err error) core.Outcome {
	if err == nil {
		return core.Success
	}
	if errors.Is(ctx.Err(), context.Canceled) {
		return core.Cancelled
	}
	var answer *smithyhttp.ResponseError
	if errors.As(err, &answer) && answer.Response != nil && answer.HTTPStatusCode() >= 300 {
		return outcomeOfStatus(answer.HTTPStatusCode(), err)
	}
	if outcome := transportOutcome(err); outcome != core.Cancelled {
		return outcome
	}
	var unreadable *smithy.DeserializationError
	if errors.As(err, &unreadable) {
		return core.ServerError
	}
	var unsent *smithyhttp.RequestSendError
	if errors.As(err, &unsent) && !errors.Is(err, context.Canceled) {
		return core.Reset
	}
	return core.Cancelled
}

func outcomeOfStatus(status int, err error) core.Outcome {
	var known smithy.APIError
	switch {
	case status == http.StatusTooManyRequests, errors.As(err, &known) && throttlingCodes[known.ErrorCode()]:
		return core.Throttled
	case status >= 500:
		return core.ServerError
	default:
		return core.CallerFault
	}
}

// transportOutcome tells what became of a connection, Cancelled if that is not the trouble.
func transportOutcome(err error) core.Outcome {
	var operation *net.OpError
	var name *net.DNSError
	var timed interface{ Timeout() bool }
	dialling := errors.As(err, &operation) && operation.Op == "dial" || errors.As(err, &name)
	switch {
	case isTLSFailure(err):
		return core.TLSFailure
	case dialling:
		return core.Refused
	case errors.Is(err, context.DeadlineExceeded), errors.As(err, &timed) && timed.Timeout():
		return core.TimedOut
	case operation != nil, errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, io.EOF):
		return core.Reset
	default:
		return core.Cancelled
	}
}

func isTLSFailure(err error) bool {
	var (
		record       tls.RecordHeaderError
		verification *tls.CertificateVerificationError
		alert        tls.AlertError
		authority    x509.UnknownAuthorityError
		hostname     x509.HostnameError
		invalid      x509.CertificateInvalidError
	)
	return errors.As(err, &record) || errors.As(err, &verification) || errors.As(err, &alert) || errors.As(err, &authority) ||
		errors.As(err, &hostname) || errors.As(err, &invalid) || isAlertOfPeer(err) || strings.Contains(err.Error(),
		"TLS handshake timeout")
}

// isAlertOfPeer knows an alert that the other side sent: net/http has no type for it, but the operation's name.
func isAlertOfPeer(err error) bool {
	var operation *net.OpError
	return errors.As(err, &operation) && operation.Op == "remote error"
}

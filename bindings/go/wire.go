package alb

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"

	"github.com/aws/smithy-go"
	"github.com/aws/smithy-go/middleware"
	smithyhttp "github.com/aws/smithy-go/transport/http"

	"github.com/scylladb/alternator-lb/bindings/go/internal/core"
)

// The most that an answer may inflate to: four times what a server sends at most.
const longestBody = 64 << 20

// wire is what the options say of bodies and headers, asked of the core once.
type wire struct {
	acceptEncoding string
	// kept are the headers to keep, by their canonical names; nil if all are.
	kept map[string]bool
	// compress gives a shorter body and its Content-Encoding, or an empty one; nil if bodies are left alone.
	compress Compressor
	// userAgent gives the header from the SDK's, nil if that stays.
	userAgent func(string) string
}

func newWire(handle *core.Handle, s *sdk) *wire {
	w := &wire{acceptEncoding: handle.WireText(core.WireAcceptEncoding), compress: s.compress, userAgent: s.userAgent}
	if encoding := handle.WireText(core.WireContentEncoding); encoding != "" && w.compress == nil {
		w.compress = func(body []byte) ([]byte, string, error) {
			if shorter := handle.Compress(body); shorter != nil {
				return shorter, encoding, nil
			}
			return nil, "", nil
		}
	}
	if names := handle.WireText(core.WireKeptHeaders); names != "" {
		w.kept = make(map[string]bool)
		for name := range strings.SplitSeq(names, ",") {
			w.kept[http.CanonicalHeaderKey(name)] = true
		}
	}
	return w
}

// finish is the last touch to the headers before they are signed.
func (w *wire) finish(headers http.Header) {
	if w.acceptEncoding != "" {
		headers.Set("Accept-Encoding", w.acceptEncoding)
	}
	if w.userAgent != nil {
		// An empty value keeps net/http from adding one of its own.
		headers.Set("User-Agent", w.userAgent(headers.Get("User-Agent")))
	}
	if w.kept == nil {
		return
	}
	for name := range headers {
		if !w.kept[name] {
			delete(headers, name)
		}
	}
}

// HandleBuild compresses the body, once a call and before it is signed.
func (c *call) HandleBuild(ctx context.Context, in middleware.BuildInput, next middleware.BuildHandler) (
	middleware.BuildOutput, middleware.Metadata, error,
) {
	request, ok := in.Request.(*smithyhttp.Request)
	if ok && request.GetStream() != nil && request.IsStreamSeekable() && request.Header.Get("Content-Encoding") == "" {
		compressed, err := c.compressed(request)
		if err != nil {
			return middleware.BuildOutput{}, middleware.Metadata{}, &smithy.SerializationError{Err: err}
		}
		in.Request = compressed
	}
	return next.HandleBuild(ctx, in)
}

func (c *call) compressed(request *smithyhttp.Request) (*smithyhttp.Request, error) {
	body, err := io.ReadAll(request.GetStream())
	if err != nil {
		return nil, err
	}
	if err := request.RewindStream(); err != nil {
		return nil, err
	}
	shorter, encoding, err := c.client.wire.compress(body)
	if err != nil || encoding == "" {
		return request, err
	}
	request, err = request.SetStream(bytes.NewReader(shorter))
	if err == nil {
		request.Header.Set("Content-Encoding", encoding)
		if request.Header.Get("Content-Length") != "" {
			request.Header.Set("Content-Length", fmt.Sprint(len(shorter)))
		}
	}
	return request, err
}

// HandleDeserialize decompresses an answer.
func (c *call) HandleDeserialize(ctx context.Context, in middleware.DeserializeInput, next middleware.DeserializeHandler) (
	middleware.DeserializeOutput, middleware.Metadata, error,
) {
	out, metadata, err := next.HandleDeserialize(ctx, in)
	if err != nil {
		return out, metadata, err
	}
	if response, ok := out.RawResponse.(*smithyhttp.Response); ok {
		err = decode(response)
	}
	return out, metadata, err
}

func decode(response *smithyhttp.Response) error {
	encoding := response.Header.Get("Content-Encoding")
	if encoding == "" || strings.EqualFold(encoding, "identity") {
		return nil
	}
	sent := response.Body
	body, err := io.ReadAll(io.LimitReader(sent, longestBody))
	// Its error is that of the SDK's CRC32, which is none for the SDK either; the coding has a checksum of its own.
	_ = sent.Close()
	if err == nil {
		body, err = core.Decompress(encoding, body, longestBody)
	}
	if err != nil {
		return &smithy.DeserializationError{Err: fmt.Errorf("alternator: an answer in %s could not be read: %w", encoding, err)}
	}
	response.Body = io.NopCloser(bytes.NewReader(body))
	response.ContentLength = int64(len(body))
	response.Header.Del("Content-Encoding")
	response.Header.Del("Content-Length")
	return nil
}

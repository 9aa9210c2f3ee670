package helper

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"io"

	alb "github.com/scylladb/alternator-lb/bindings/go"
)

// RequestCompressionFunc gives a body in another form, its Content-Encoding and its length; an empty Content-Encoding
// leaves the body alone.
type RequestCompressionFunc func(rawBody io.ReadCloser) (body io.ReadCloser, contentEncoding string, length int64, err error)

// compressor is the same for package alb, which has the body in memory.
func (compress RequestCompressionFunc) compressor() alb.Compressor {
	return func(body []byte) ([]byte, string, error) {
		reader, encoding, _, err := compress(io.NopCloser(bytes.NewReader(body)))
		if err != nil || encoding == "" {
			return nil, "", err
		}
		defer reader.Close()
		compressed, err := io.ReadAll(reader)
		return compressed, encoding, err
	}
}

// GzipConfig makes compressors.
type GzipConfig struct{ level int }

// NewGzipConfig compresses at gzip's usual level.
func NewGzipConfig() *GzipConfig { return &GzipConfig{gzip.DefaultCompression} }

// WithLevel is a level of compress/gzip, -2 to 9. It panics for others, as the official helper does.
func (c *GzipConfig) WithLevel(level int) *GzipConfig {
	if level < gzip.HuffmanOnly || level > gzip.BestCompression {
		panic(fmt.Sprintf("gzip has no level %d: -2 to 9 are accepted", level))
	}
	c.level = level
	return c
}

// GzipRequestCompressor compresses every body. alb.WithCompression is kinder: it leaves short ones alone, and those that do
// not get shorter.
func (c *GzipConfig) GzipRequestCompressor() RequestCompressionFunc {
	level := c.level
	return func(rawBody io.ReadCloser) (io.ReadCloser, string, int64, error) {
		defer rawBody.Close()
		compressed := new(bytes.Buffer)
		writer, err := gzip.NewWriterLevel(compressed, level)
		if err != nil {
			return nil, "", 0, err
		}
		if _, err := io.Copy(writer, rawBody); err != nil {
			return nil, "", 0, err
		}
		if err := writer.Close(); err != nil {
			return nil, "", 0, err
		}
		return io.NopCloser(compressed), "gzip", int64(compressed.Len()), nil
	}
}

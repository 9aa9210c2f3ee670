//go:build cgo

package core

// #include "core.h"
import "C"

import (
	"runtime"
)

// What WireText tells.
const (
	WireContentEncoding = C.ALB_WIRE_CONTENT_ENCODING
	WireAcceptEncoding  = C.ALB_WIRE_ACCEPT_ENCODING
	WireKeptHeaders     = C.ALB_WIRE_KEPT_HEADERS
)

// WireText tells what the options say of headers; empty where they are left alone.
func (h *Handle) WireText(what int32) string {
	answer := C.GoString(C.alb_wire_text(h.c, C.int32_t(what)))
	runtime.KeepAlive(h)
	return answer
}

// Compress gives the compressed body, or nil if it is to be sent as it is.
func (h *Handle) Compress(body []byte) []byte {
	if len(body) == 0 {
		return nil
	}
	room := make([]byte, len(body))
	data, dataLen := bytes(body)
	out, capacity := bytes(room)
	length := C.alb_compress(h.c, data, dataLen, out, capacity)
	runtime.KeepAlive(h)
	if length <= 0 {
		return nil
	}
	return room[:length]
}

// Decompress gives the body of an answer as it was before its Content-Encoding, at most limit bytes.
func Decompress(encoding string, body []byte, limit int) ([]byte, error) {
	coding, codingLen := text(encoding)
	data, dataLen := bytes(body)
	room := make([]byte, min(8*len(body)+1024, limit))
	for {
		var failure C.alb_error
		failure.struct_size = C.sizeof_alb_error
		out, capacity := bytes(room)
		length := C.alb_decompress(coding, codingLen, data, dataLen, out, capacity, C.size_t(limit), &failure)
		switch {
		case length < 0:
			return nil, newError(C.alb_status(length), &failure)
		case int(length) <= len(room):
			return room[:length], nil
		}
		room = make([]byte, length)
	}
}

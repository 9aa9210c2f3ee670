//go:build cgo

package core

// #include "core.h"
import "C"

import (
	"runtime"
	"unsafe"
)

// No name of a table or an attribute is longer.
const nameCapacity = 256

// NextWantedTable names a table whose partition key the core wants to know, or is empty.
func (h *Handle) NextWantedTable() string {
	var room [nameCapacity]byte
	length := C.alb_table_key_next_wanted(h.c, (*C.char)(unsafe.Pointer(&room[0])), nameCapacity)
	runtime.KeepAlive(h)
	return string(room[:max(length, 0)])
}

// TableKey is the name of a table's partition key, empty if it is not known.
func (h *Handle) TableKey(table string) string {
	var room [nameCapacity]byte
	name, nameLen := text(table)
	length := C.alb_table_key(h.c, name, nameLen, (*C.char)(unsafe.Pointer(&room[0])), nameCapacity)
	runtime.KeepAlive(h)
	return string(room[:max(length, 0)])
}

// SetTableKey tells the name of a table's partition key.
func (h *Handle) SetTableKey(table, key string) error {
	name, nameLen := text(table)
	attribute, attributeLen := text(key)
	var failure C.alb_error
	failure.struct_size = C.sizeof_alb_error
	status := C.alb_table_key_set(h.c, name, nameLen, attribute, attributeLen, &failure)
	runtime.KeepAlive(h)
	if status != C.ALB_OK {
		return newError(status, &failure)
	}
	return nil
}

// TableKeyFailed says that a table could not be described.
func (h *Handle) TableKeyFailed(table string, httpStatus int, code string) {
	name, nameLen := text(table)
	reason, reasonLen := text(code)
	C.alb_table_key_failed(h.c, name, nameLen, C.int32_t(httpStatus), reason, reasonLen)
	runtime.KeepAlive(h)
}

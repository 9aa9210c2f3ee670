//go:build cgo && alb_shared

package core

// #cgo pkg-config: alternator_lb
import "C"

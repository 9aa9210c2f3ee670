//go:build cgo && !alb_shared && !(linux && (amd64 || arm64))

package core

// #error "there is no archive of the core for this platform: install libalternator_lb and build with -tags alb_shared"
import "C"

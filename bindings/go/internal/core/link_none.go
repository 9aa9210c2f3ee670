//go:build !cgo

package core

var _ = alternator_lb_needs_cgo_so_set_CGO_ENABLED_to_1_and_install_a_C_compiler

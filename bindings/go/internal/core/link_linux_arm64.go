//go:build cgo && !alb_shared

package core

// #cgo LDFLAGS: ${SRCDIR}/lib/linux_arm64/libalternator_lb.a -lm -ldl -lpthread -lrt
// #if !__has_include("archive_linux_arm64.h")
// #error "the core's archive is missing: run scripts/go_archive.sh in the repository, or build with -tags alb_shared to link the installed libalternator_lb.so"
// #else
// #include "archive_linux_arm64.h"
// __attribute__((used)) static const char alb_archive[] = ALB_ARCHIVE;
// #endif
import "C"

import _ "github.com/scylladb/alternator-lb/bindings/go/internal/core/lib/linux_arm64" // vendored with the package

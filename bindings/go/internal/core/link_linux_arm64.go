//go:build cgo && !alb_shared

package core

// #cgo LDFLAGS: ${SRCDIR}/lib/linux_arm64/libalternator_lb.a -lm -ldl -lpthread -lrt
// #include "core.h"
// #include "archive_linux_arm64.h"
// __attribute__((used)) static const char alb_archive[] = ALB_ARCHIVE;
import "C"

import _ "github.com/scylladb/alternator-lb/bindings/go/internal/core/lib/linux_arm64" // vendored with the package

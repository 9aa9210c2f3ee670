// Package linux_amd64 holds the core as a static archive for linux/amd64. The build places the archive here; this file keeps
// the directory where `go mod vendor` copies packages alone.
package linux_amd64

package alb

import "github.com/scylladb/alternator-lb/bindings/go/internal/core"

// picks chooses the nodes of first attempts.
type picks struct{ handle *core.Handle }

func newPicks(handle *core.Handle, _ *settings) *picks { return &picks{handle} }

func (p *picks) next() int32 { return p.handle.NextNode() }

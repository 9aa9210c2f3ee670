package alb

import (
	"sync"
	"time"

	"github.com/scylladb/alternator-lb/bindings/go/internal/core"
)

// picks chooses the nodes of first attempts. Where the policy looks at no node's load, several are fetched from the core at
// once and used until the list, or what is set aside, changes.
type picks struct {
	handle *core.Handle
	// Of batches; nil where each pick has to be fresh. A pool keeps one for each processor, so that nobody waits.
	pool *sync.Pool
}

// With longer pauses between requests each one has a pick of its own, by which the core sees that requests flow.
const worthABatch = 10 * time.Millisecond

// batch is nodes that were chosen for requests to come.
type batch struct {
	generation uint64
	fetched    time.Time
	left       []int32
	room       [core.PickBatch]int32
}

func newPicks(handle *core.Handle, s *settings) *picks {
	p := &picks{handle: handle}
	switch Policy(s.last("policy")) {
	case Random, RoundRobin:
		p.pool = &sync.Pool{New: func() any { return new(batch) }}
	}
	return p
}

// next begins an attempt: the number of its node, or a negative status. A fresh one is asked of the core in any case.
func (p *picks) next(fresh bool) int32 {
	if p.pool == nil || fresh {
		return p.handle.NextNode()
	}
	b := p.pool.Get().(*batch)
	defer p.pool.Put(b)
	generation := p.handle.Generation()
	if len(b.left) > 0 && b.generation != generation {
		p.handle.GiveUp(b.left)
		b.left = nil
	}
	if len(b.left) == 0 {
		b.generation = generation
		now, last := time.Now(), b.fetched
		b.fetched = now
		if now.Sub(last) > worthABatch {
			return p.handle.NextNode()
		}
		b.left = p.handle.NextNodes(&b.room)
	}
	id := b.left[0]
	b.left = b.left[1:]
	return id
}

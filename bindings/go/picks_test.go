package alb

import (
	"testing"
	"time"

	"github.com/scylladb/alternator-lb/bindings/go/internal/core"
)

func handleOf(t testing.TB, policy Policy) (*core.Handle, *picks) {
	t.Helper()
	s, err := newSettings([]string{"a", "b", "c"}, []Option{WithPolicy(policy), WithOption("discovery", "static"),
		WithOption("health.share", "handle")})
	if err != nil {
		t.Fatal(err)
	}
	handle, err := core.New(s.coreSettings())
	if err != nil {
		t.Fatal(err)
	}
	return handle, newPicks(handle, s)
}

func TestPicksAreFetchedInBatchesWhereThePolicyLooksAtNoLoad(t *testing.T) {
	for _, policy := range []Policy{Adaptive, Random, RoundRobin} {
		handle, picks := handleOf(t, policy)
		if batched := picks.pool != nil; batched != (policy != Adaptive) {
			t.Errorf("%s: in batches: %v", policy, batched)
		}
		count := make(map[int32]int)
		for range 3000 {
			id := picks.next(false)
			count[id]++
			handle.Report(id, core.Success, time.Millisecond)
		}
		for id := range int32(3) {
			if count[id] < 800 && policy != Adaptive || count[id] == 0 {
				t.Errorf("%s: node %d came %d times", policy, id, count[id])
			}
		}
	}
}

func TestBatchIsDroppedWhenANodeIsSetAside(t *testing.T) {
	handle, picks := handleOf(t, Random)
	for range 100 {
		handle.Report(picks.next(false), core.Success, time.Millisecond)
	}
	handle.Report(1, core.Refused, 0)
	for range 100 {
		id := picks.next(false)
		if id == 1 {
			t.Fatal("a node that was set aside came from a batch")
		}
		handle.Report(id, core.Success, time.Millisecond)
	}
}

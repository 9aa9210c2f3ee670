package alb

import (
	"context"
	"encoding/json"
	"sync"

	"github.com/scylladb/alternator-lb/bindings/go/internal/core"
)

// round makes a round of discovery, or joins the one that is under way, and waits for its end.
func (d *driver) round(ctx context.Context) error {
	ctx, cancel := context.WithCancel(ctx)
	var fetches sync.WaitGroup
	defer d.wake() // the goroutine that refreshes, if it runs: what it waits for may be over
	defer fetches.Wait()
	defer cancel() // of fetches that nobody waits for any more
	before, err := d.rounds()
	if err != nil {
		return err
	}
	d.handle.RefreshSoon()
	for {
		d.begin(ctx, &fetches)
		now, err := d.rounds()
		if err != nil {
			return err
		}
		if now.Rounds > before.Rounds {
			return now.err(d.events)
		}
		due := d.handle.RefreshDue()
		if due == core.Never { // a list that never changes
			return nil
		}
		d.sleep(ctx, max(min(due, shortSleep), othersAtIt))
		if ctx.Err() != nil {
			return &Error{Status: ErrTimeout, Message: "no round of discovery ended in time"}
		}
	}
}

// rounds is what the statistics tell of discovery.
type rounds struct {
	Rounds         uint64 `json:"rounds"`
	FailuresInARow uint64 `json:"failures_in_a_row"`
}

func (d *driver) rounds() (rounds, error) {
	var statistics struct{ Refresh rounds }
	text, err := d.handle.Statistics()
	if err == nil {
		err = json.Unmarshal(text, &statistics)
	}
	return statistics.Refresh, err
}

// err is why the last round brought no list.
func (r rounds) err(events *eventLog) error {
	if r.FailuresInARow == 0 {
		return nil
	}
	return &Error{Status: ErrUnreachable, Message: events.lastReason("refresh_failed")}
}

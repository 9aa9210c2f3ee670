package alb

import (
	"context"
	"encoding/json"
	"log/slog"
	"strings"
	"sync"

	"github.com/scylladb/alternator-lb/bindings/go/internal/core"
)

// Event is something that happened to the list of nodes, with its reason: docs/STATISTICS.md describes the members.
type Event struct {
	Sequence uint64 `json:"sequence"`
	UnixMS   int64  `json:"unix_ms"`
	Kind     string `json:"kind"`
	NodeID   *int32 `json:"node_id"`
	At       string `json:"at"`
	Scope    string `json:"scope"`
	Reason   string `json:"reason"`
	Repeated int64  `json:"repeated"`
}

var levels = map[string]slog.Level{
	"ask_failed":       slog.LevelWarn,
	"entries_skipped":  slog.LevelWarn,
	"fell_back":        slog.LevelWarn,
	"node_set_aside":   slog.LevelWarn,
	"table_key_failed": slog.LevelWarn,
	"refresh_failed":   slog.LevelError,
}

// eventLog writes each event of the core to a logger once, and hands out those since it was last asked.
type eventLog struct {
	handle *core.Handle
	log    *slog.Logger
	mutex  sync.Mutex
	logged uint64
	read   uint64
}

func newEventLog(handle *core.Handle, log *slog.Logger) *eventLog {
	return &eventLog{handle: handle, log: log}
}

// forward writes what is new to the logger.
func (e *eventLog) forward() {
	e.mutex.Lock()
	defer e.mutex.Unlock()
	for _, event := range e.after(&e.logged) {
		level, known := levels[event.Kind]
		if !known {
			level = slog.LevelInfo
		}
		e.log.LogAttrs(context.Background(), level, strings.ReplaceAll(event.Kind, "_", " "),
			slog.String("at", event.At), slog.String("reason", event.Reason), slog.String("scope", event.Scope))
	}
}

// unread gives the events since the last call, oldest first.
func (e *eventLog) unread() []Event {
	e.mutex.Lock()
	defer e.mutex.Unlock()
	return e.after(&e.read)
}

// lastReason is the reason of the last event of a kind.
func (e *eventLog) lastReason(kind string) (reason string) {
	var cursor uint64
	for _, event := range e.after(&cursor) {
		if event.Kind == kind {
			reason = event.Reason
		}
	}
	return reason
}

func (e *eventLog) after(cursor *uint64) (events []Event) {
	for {
		text, err := e.handle.NextEvent(cursor)
		if err != nil || text == nil {
			return events
		}
		var event Event
		if json.Unmarshal(text, &event) == nil {
			events = append(events, event)
		}
	}
}

// Package nodeshealth has the health settings of the official helper, under their names. Which of them have an effect, and
// what takes the place of the others, is in the table of the module's README.
package nodeshealth

import "time"

// NodeHealthStoreConfig says how nodes that fail are left alone.
type NodeHealthStoreConfig struct {
	// Disabled never leaves a node alone.
	Disabled bool
	// QuarantineReleasePeriod is the longest time between two probes of a node that is left alone; 0 for the core's.
	QuarantineReleasePeriod time.Duration
	// QuarantineReleaseConcurrency has no effect: probes hold nothing up.
	QuarantineReleaseConcurrency int
	Scoring                      HealthScoring
}

// HealthScoring weighs errors in the official helper. The core's rules take its place; the interval alone is taken over.
type HealthScoring struct {
	// ResetInterval is the time in which failures count; 0 for the core's.
	ResetInterval time.Duration
	// These have no effect.
	NodeEventScoreFunc     func(error) uint64
	QuarantineScoreCutOff  uint64
	QuarantineReleaseScore uint64
}

// DefaultNodeHealthStoreConfig leaves everything to the core.
func DefaultNodeHealthStoreConfig() NodeHealthStoreConfig { return NodeHealthStoreConfig{} }

package helper

import (
	"maps"

	alb "github.com/scylladb/alternator-lb/bindings/go"
)

// KeyRouteAffinity says which writes go to the node of their partition key.
type KeyRouteAffinity string

// The modes, and their old names.
const (
	KeyRouteAffinityNone     = KeyRouteAffinity(alb.AffinityNone)
	KeyRouteAffinityRMW      = KeyRouteAffinity(alb.AffinityRMW)
	KeyRouteAffinityAnyWrite = KeyRouteAffinity(alb.AffinityAnyWrite)

	// Deprecated: use KeyRouteAffinityRMW.
	KeyRouteAffinityWrite = KeyRouteAffinityRMW
	// Deprecated: use KeyRouteAffinityAnyWrite.
	KeyRouteAffinityAll = KeyRouteAffinityAnyWrite
)

// KeyRouteAffinityConfig is a mode, and the partition keys of tables as far as they are told.
type KeyRouteAffinityConfig struct {
	Type           KeyRouteAffinity
	PkInfoPerTable map[string]string
}

// NewKeyRouteAffinityConfig is a mode; partition keys are learned.
func NewKeyRouteAffinityConfig(mode KeyRouteAffinity) KeyRouteAffinityConfig {
	return KeyRouteAffinityConfig{Type: mode}
}

// WithPkInfo tells the partition keys of tables.
func (c KeyRouteAffinityConfig) WithPkInfo(keyOfTable map[string]string) KeyRouteAffinityConfig {
	c.PkInfoPerTable = maps.Clone(keyOfTable)
	return c
}

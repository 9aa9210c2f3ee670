package alb

import "strings"

// Scope says which nodes may serve: those of a rack, of a datacenter, or all.
type Scope struct{ text string }

var escape = strings.NewReplacer("%", "%25", "/", "%2F", ">", "%3E")

// RackScope is the nodes of one rack.
func RackScope(datacenter, rack string) Scope {
	return Scope{"rack:" + escape.Replace(datacenter) + "/" + escape.Replace(rack)}
}

// DatacenterScope is the nodes of one datacenter.
func DatacenterScope(datacenter string) Scope { return Scope{"dc:" + escape.Replace(datacenter)} }

// ClusterScope is all nodes.
func ClusterScope() Scope { return Scope{"cluster"} }

func (s Scope) String() string { return s.text }

// chain writes scopes to fall back along.
func chain(scopes []Scope) string {
	texts := make([]string, len(scopes))
	for i, scope := range scopes {
		texts[i] = scope.text
	}
	return strings.Join(texts, ">")
}

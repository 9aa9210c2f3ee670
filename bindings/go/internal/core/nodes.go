//go:build cgo

package core

// #include "core.h"
import "C"

import (
	"net/url"
	"runtime"
	"slices"
)

// Node is a node as it is for the life of its handle.
type Node struct {
	ID int32
	// URL is scheme://host:port.
	URL url.URL
	// Text is the same as text, Host the host as a seed is given.
	Text, Host string
}

// Node gives the node of a number that the handle gave. Only a node's first sight is a call.
func (h *Handle) Node(id int32) (*Node, error) {
	if known := *h.nodes.Load(); id >= 0 && int(id) < len(known) && known[id] != nil {
		return known[id], nil
	}
	raw, err := h.nodeGet(id)
	if err != nil {
		return nil, err
	}
	text := C.GoStringN(raw.url, C.int(raw.url_len))
	parsed, err := url.Parse(text)
	if err != nil {
		return nil, &Error{Status: UnknownNode, Node: text, Message: err.Error()}
	}
	node := &Node{ID: id, URL: *parsed, Text: text, Host: C.GoStringN(raw.host, C.int(raw.host_len))}
	runtime.KeepAlive(h)
	h.remember(node)
	return node, nil
}

// remember adds to the table, which only grows: a reader sees the old one or the new one.
func (h *Handle) remember(node *Node) {
	for {
		old := h.nodes.Load()
		grown := slices.Clone(*old)
		if missing := int(node.ID) + 1 - len(grown); missing > 0 {
			grown = append(grown, make([]*Node, missing)...)
		}
		grown[node.ID] = node
		if h.nodes.CompareAndSwap(old, &grown) {
			return
		}
	}
}

func (h *Handle) nodeGet(id int32) (C.alb_node, error) {
	var raw C.alb_node
	raw.struct_size = C.sizeof_alb_node
	status := C.alb_node_get(h.c, C.int32_t(id), &raw)
	runtime.KeepAlive(h)
	if status != C.ALB_OK {
		return raw, &Error{Status: Status(status), Message: "no node has this number"}
	}
	return raw, nil
}

// Listed gives the nodes that requests are routed over, those set aside included, in the order of their URLs.
func (h *Handle) Listed() ([]*Node, error) {
	ids := make([]C.int32_t, 64)
	for {
		count := int(C.alb_nodes(h.c, &ids[0], C.size_t(len(ids))))
		runtime.KeepAlive(h)
		if count <= len(ids) {
			ids = ids[:count]
			break
		}
		ids = make([]C.int32_t, count)
	}
	nodes := make([]*Node, 0, len(ids))
	for _, id := range ids {
		node, err := h.Node(int32(id))
		if err != nil {
			return nil, err
		}
		nodes = append(nodes, node)
	}
	return nodes, nil
}

// IsSetAside tells whether a node is chosen only when all others were tried.
func (h *Handle) IsSetAside(id int32) bool {
	raw, err := h.nodeGet(id)
	return err == nil && raw.flags&C.ALB_NODE_SET_ASIDE != 0
}

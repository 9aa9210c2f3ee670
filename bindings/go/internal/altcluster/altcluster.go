// Package altcluster starts the local test cluster, drives its control API and reads its counters. For tests alone.
package altcluster

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"testing"
	"time"
)

// Node is a node as it was when the cluster started.
type Node struct {
	Index          int
	Address, URL   string
	DC, Rack       string
	PID            int
	State          string
	ControlMessage string `json:"error"`
}

// Cluster is a running cluster. It ends with its test.
type Cluster struct {
	Control, Scheme string
	Port            int
	Nodes           []Node
	CAFile          string `json:"ca_file"`
	ClientCert      string `json:"client_cert"`
	ClientKey       string `json:"client_key"`

	t testing.TB
}

// Fault is a fault of a node; the cluster's README lists the kinds.
type Fault map[string]any

// Start starts a cluster in a subnet of its own, and waits until it answers.
func Start(t testing.TB, arguments ...string) *Cluster {
	t.Helper()
	c, stop, err := Launch(arguments...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(stop)
	c.t = t
	return c
}

// Launch is Start for those that are no test: its stop ends the cluster.
func Launch(arguments ...string) (c *Cluster, stop func(), err error) {
	binary := os.Getenv("ALTCLUSTER")
	if binary == "" {
		binary = filepath.Join(Root(), "target", "release", "altcluster")
	}
	process := exec.Command(binary, arguments...)
	process.Stderr = os.Stderr
	input, err := process.StdinPipe()
	if err != nil {
		return nil, nil, err
	}
	output, err := process.StdoutPipe()
	if err != nil {
		return nil, nil, err
	}
	if err := process.Start(); err != nil {
		return nil, nil, fmt.Errorf("no test cluster: `make cluster` builds it, ALTCLUSTER names it: %w", err)
	}
	stop = func() {
		_ = input.Close()  // which ends it
		_ = process.Wait() // with a status of no interest
	}
	line, err := bufio.NewReader(output).ReadBytes('\n')
	if err == nil {
		c = new(Cluster)
		err = json.Unmarshal(line, c)
	}
	if err != nil {
		stop()
		return nil, nil, fmt.Errorf("altcluster %v ended before it began: %w", arguments, err)
	}
	return c, stop, nil
}

// Root is the repository's root.
func Root() string {
	_, file, _, _ := runtime.Caller(0)
	return filepath.Join(filepath.Dir(file), "..", "..", "..", "..")
}

// Seeds are the nodes' addresses.
func (c *Cluster) Seeds() []string {
	seeds := make([]string, len(c.Nodes))
	for i, node := range c.Nodes {
		seeds[i] = node.Address
	}
	return seeds
}

// Call makes a call of the control API.
func (c *Cluster) Call(method, path string, body, answer any) {
	c.t.Helper()
	if err := c.try(method, path, body, answer); err != nil {
		c.t.Fatalf("%s %s: %v", method, path, err)
	}
}

// There is no pool of connections here that a test for leaks would find.
var control = &http.Client{Transport: &http.Transport{DisableKeepAlives: true}, Timeout: 30 * time.Second}

func (c *Cluster) try(method, path string, body, answer any) error {
	var data io.Reader
	if body != nil {
		text, err := json.Marshal(body)
		if err != nil {
			return err
		}
		data = bytes.NewReader(text)
	}
	request, err := http.NewRequest(method, c.Control+path, data)
	if err != nil {
		return err
	}
	response, err := control.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		return err
	}
	if response.StatusCode >= 300 {
		return fmt.Errorf("%s: %s", response.Status, text)
	}
	if answer == nil {
		return nil
	}
	return json.Unmarshal(text, answer)
}

// Kill ends a node's process by SIGKILL.
func (c *Cluster) Kill(index int) { c.Call("POST", fmt.Sprintf("/nodes/%d/kill", index), nil, nil) }

// Stop stops a node's process by SIGSTOP.
func (c *Cluster) Stop(index int) { c.Call("POST", fmt.Sprintf("/nodes/%d/stop", index), nil, nil) }

// Continue lets a stopped process go on.
func (c *Cluster) Continue(index int) { c.Call("POST", fmt.Sprintf("/nodes/%d/cont", index), nil, nil) }

// Restart starts a node's process anew.
func (c *Cluster) Restart(index int) {
	c.Call("POST", fmt.Sprintf("/nodes/%d/restart", index), nil, nil)
}

// Add adds a node.
func (c *Cluster) Add() (node Node) {
	c.Call("POST", "/nodes", map[string]string{}, &node)
	return node
}

// Remove decommissions a node.
func (c *Cluster) Remove(index int) { c.Call("DELETE", fmt.Sprintf("/nodes/%d", index), nil, nil) }

// Settings changes settings.
func (c *Cluster) Settings(change map[string]any) { c.Call("POST", "/settings", change, nil) }

// Fault adds a fault to a node.
func (c *Cluster) Fault(index int, fault Fault) {
	c.Call("POST", fmt.Sprintf("/nodes/%d/faults", index), fault, nil)
}

// Heal removes all faults of a node.
func (c *Cluster) Heal(index int) { c.Call("DELETE", fmt.Sprintf("/nodes/%d/faults", index), nil, nil) }

// LocalNodes overrides what a node answers to /localnodes.
func (c *Cluster) LocalNodes(index int, answer map[string]any) {
	c.Call("POST", fmt.Sprintf("/nodes/%d/localnodes", index), answer, nil)
}

// Seen is what a node has seen of one operation.
type Seen struct {
	Requests         int
	Headers          []string
	UserAgents       map[string]int `json:"user_agents"`
	ContentEncodings map[string]int `json:"content_encodings"`
	AcceptEncodings  map[string]int `json:"accept_encodings"`
}

// Attempt is one attempt of a call.
type Attempt struct {
	Attempt, Node int
	Operation     string
}

// Counters is what the nodes have seen.
type Counters struct {
	Nodes []struct {
		Index       int
		Requests    int
		LocalNodes  int
		Connections struct {
			Opened     int
			TLSResumed int `json:"tls_resumed"`
		}
		Operations     map[string]Seen
		LocalNodesSeen struct {
			UserAgents map[string]int `json:"user_agents"`
			Queries    map[string]int
		} `json:"localnodes_seen"`
	}
	// By amz-sdk-invocation-id.
	Attempts map[string][]Attempt
	// By table, partition key and node.
	Writes map[string]map[string]map[int]int
}

// Counters reads the counters.
func (c *Cluster) Counters() (counters Counters) {
	c.Call("GET", "/counters", nil, &counters)
	return counters
}

// ResetCounters sets all counters to zero.
func (c *Cluster) ResetCounters() { c.Call("POST", "/counters/reset", nil, nil) }

// Requests tells how many API requests each node has got.
func (c *Cluster) Requests() []int {
	var counters Counters
	c.Call("GET", "/counters?attempts=false", nil, &counters)
	requests := make([]int, len(counters.Nodes))
	for i, node := range counters.Nodes {
		requests[i] = node.Requests
	}
	return requests
}

// Operation is what all nodes together have seen of one operation.
func (c *Counters) Operation(name string) (seen Seen) {
	seen.ContentEncodings, seen.UserAgents, seen.AcceptEncodings = map[string]int{}, map[string]int{}, map[string]int{}
	for _, node := range c.Nodes {
		one := node.Operations[name]
		seen.Requests += one.Requests
		seen.Headers = append(seen.Headers, one.Headers...)
		add(seen.ContentEncodings, one.ContentEncodings)
		add(seen.UserAgents, one.UserAgents)
		add(seen.AcceptEncodings, one.AcceptEncodings)
	}
	return seen
}

func add(sum, some map[string]int) {
	for key, count := range some {
		sum[key] += count
	}
}

// Coordinators tells for each partition key of a table which nodes its writes went to.
func (c *Cluster) Coordinators(table string) map[string][]int {
	counters := c.Counters()
	nodes := make(map[string][]int)
	for key, counts := range counters.Writes[table] {
		for node := range counts {
			nodes[key] = append(nodes[key], node)
		}
	}
	return nodes
}

// Eventually polls until the condition holds; the test fails when it never does.
func Eventually(t testing.TB, what string, condition func() bool) {
	t.Helper()
	const patience = 30 * time.Second
	for deadline := time.Now().Add(patience); !condition(); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("not within %s: %s", patience, what)
		}
	}
}

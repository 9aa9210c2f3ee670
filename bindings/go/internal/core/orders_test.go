//go:build cgo

package core

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
)

func TestNodesAreSortedAsByTheClientThatTheOptionNames(t *testing.T) {
	byIP, byPort := clients.ByIP, clients.ByPort
	for _, test := range []struct {
		order  string
		port   int
		sorted []string
	}{
		{"url", byIP.Port, byIP.URL},
		{"url_no_default_port", byIP.Port, byIP.URL},
		{"host", byIP.Port, byIP.Host},
		{"host", byIP.Port, byIP.HostJS},
		{"url", byPort.Port, byPort.URL},
		{"url_no_default_port", byPort.Port, byPort.Elided},
	} {
		h := over(t, byIP.Nodes, Setting{"port", fmt.Sprint(test.port)}, Setting{"affinity.order", test.order})
		// The node that a key chooses is a place in the sorted list, the same in every list of that length.
		places := overNumbered(t, len(test.sorted))
		numbered, wanted := urls(t, places), inFull(test.sorted, test.port)
		for number := range 200 {
			key := str(fmt.Sprint("user_", number))
			place := slices.Index(numbered, nodeFor(t, places, key))
			equal(t, key, []string{nodeFor(t, h, key)}, wanted[place:place+1])
		}
	}
}

func TestFirstNodeIsThatOfTheClientThatTheOptionNames(t *testing.T) {
	vectors := clients.ByIP
	port := Setting{"port", fmt.Sprint(vectors.Port)}
	byURL := over(t, vectors.Nodes, port, Setting{"affinity.order", "url"})
	byHost := over(t, vectors.Nodes, port, Setting{"affinity.order", "host"})
	for _, row := range vectors.Rows {
		got := []string{nodeFor(t, byURL, str(row.Key)), nodeFor(t, byHost, str(row.Key))}
		equal(t, row.Key, got, inFull([]string{row.ByURL, row.ByHost}, vectors.Port))
	}
	differing := 0
	for number := range 1000 {
		key := str(fmt.Sprint("user_", number))
		if nodeFor(t, byURL, key) != nodeFor(t, byHost, key) {
			differing++
		}
	}
	if differing != vectors.Differing {
		t.Errorf("%d keys differ", differing)
	}
}

func TestAnswersOfDiscoveryAreReadAsTheOfficialClientsDo(t *testing.T) {
	for _, row := range clients.LocalNodes {
		switch {
		case row.Hosts != nil:
			h := handle(t, Setting{"seeds", "seed"}, Setting{"scope", "dc:one"})
			answer(t, h, []byte(row.Body))
			equal(t, row.Body, urls(t, h), inFull(row.Hosts, 8000))
		case row.Port != 0:
			// An entry with a port is no address; the others get the configured one.
			h := handle(t, Setting{"seeds", "seed"}, Setting{"scope", "dc:one"}, Setting{"port", fmt.Sprint(row.Port)})
			answer(t, h, []byte(row.Body))
			equal(t, row.Body, urls(t, h), inFull([]string{"node-b.internal"}, row.Port))
		case row.Scope.DC != "":
			h := handle(t, Setting{"seeds", "seed"}, Setting{"scope", "rack:" + row.Scope.DC + "/" + row.Scope.Rack})
			fetch, _ := h.DiscoveryNext()
			_, query, _ := strings.Cut(fetch.URL, "?")
			equal(t, row.Scope, []string{query, query}, []string{row.Query, row.Python})
		default:
			t.Errorf("an unknown kind of row: %+v", row)
		}
	}
}

// byKey is a handle that sends the writes of table t to the nodes of their keys.
func byKey(t *testing.T, nodes []string) *Handle {
	t.Helper()
	return over(t, nodes, Setting{"affinity", "any_write"}, Setting{"table.t.key", "pk"}, Setting{"policy", "round_robin"})
}

// batchPlans are the plans of a batch with an item for each of the voters, whose key is placed there: by its text, and by
// its items.
func batchPlans(t *testing.T, nodes, voters []string) [2][]string {
	t.Helper()
	h, number := byKey(t, nodes), 0
	var byItems Plan
	if status := h.PlanStart(&byItems); status < 0 {
		t.Fatal(status)
	}
	var puts []any
	for _, voter := range voters {
		for ; nodeFor(t, h, str(fmt.Sprint("k", number))) != voter; number++ {
		}
		key := fmt.Sprint("k", number)
		number++
		puts = append(puts, map[string]any{"PutRequest": map[string]any{"Item": map[string]any{"pk": map[string]string{"S": key}}}})
		if status := h.PlanVote(&byItems, "t", str(key)); status < 0 {
			t.Fatal(status)
		}
	}
	body, err := json.Marshal(map[string]any{"RequestItems": map[string]any{"t": puts}})
	if err != nil {
		t.Fatal(err)
	}
	var byText Plan
	if status := h.PlanForRequest("BatchWriteItem", body, &byText); status < 0 {
		t.Fatal(status)
	}
	return [2][]string{walk(t, h, &byText, len(nodes)), walk(t, h, &byItems, len(nodes))}
}

func TestKeysOfABatchVoteForTheNodesThatComeFirst(t *testing.T) {
	for _, row := range clients.Preferred {
		full := func(names []string) (texts []string) {
			for _, name := range names {
				place := slices.IndexFunc(row.Nodes, func(node string) bool { return strings.HasPrefix(node+".", name+".") })
				texts = append(texts, nodeURL(row.Nodes[place], 8000))
			}
			return texts
		}
		preferred, wanted := full(row.Preferred), full(row.Expect)
		slices.Reverse(preferred)
		// As many votes each: the order of URLs decides, not that of the items.
		for _, plan := range batchPlans(t, row.Nodes, preferred) {
			equal(t, row.Preferred, plan, wanted)
		}
		// More votes come before the order of URLs, which the reverse contradicts.
		var votes []string
		for place := range preferred {
			votes = append(votes, slices.Repeat(preferred[place:place+1], len(preferred)-place)...)
		}
		for _, plan := range batchPlans(t, row.Nodes, votes) {
			equal(t, row.Preferred, plan, slices.Concat(preferred, wanted[len(preferred):]))
		}
	}
}

func TestValuesOfTypesThatNoKeyCanHaveAreRoutedWithoutOne(t *testing.T) {
	nodes := []string{"n0", "n1", "n2", "n3", "n4"}
	others := map[string]any{
		"BOOL": true, "NULL": true, "SS": []string{"1"}, "NS": []string{"1"}, "BS": []string{"MQ=="},
		"L": []any{map[string]string{"S": "1"}}, "M": map[string]any{"S": map[string]string{"S": "1"}},
	}
	h := byKey(t, nodes)
	used := func(value map[string]any) int {
		body, err := json.Marshal(map[string]any{"TableName": "t", "Item": map[string]any{"pk": value}})
		if err != nil {
			t.Fatal(err)
		}
		seen := make(map[string]bool)
		for range 10 * len(nodes) {
			var plan Plan
			if status := h.PlanForRequest("PutItem", body, &plan); status < 0 {
				t.Fatal(status)
			}
			seen[walk(t, h, &plan, 1)[0]] = true
		}
		return len(seen)
	}
	if count := used(map[string]any{"S": "1"}); count != 1 {
		t.Errorf("a key used %d nodes", count)
	}
	for _, kind := range clients.Unsupported.Types {
		value, known := others[kind]
		if count := used(map[string]any{kind: value}); !known || count != len(nodes) {
			t.Errorf("%s used %d nodes", kind, count)
		}
	}
}

func TestKeysOfOtherTypesAreRefused(t *testing.T) {
	h := overNumbered(t, 3)
	for _, kind := range []KeyType{KeyAbsent, -1, 4, 15, 1<<31 - 1} {
		if id := h.NodeForKey(Key{kind, "1"}); Status(id) != InvalidArgument {
			t.Errorf("type %d: %d", kind, id)
		}
		if status := h.PlanForKey(Key{kind, "1"}, new(Plan)); status != InvalidArgument {
			t.Errorf("type %d: %v", kind, status)
		}
	}
	if id := h.NodeForKey(str("")); id < 0 {
		t.Errorf("an empty key: %v", Status(id))
	}
}

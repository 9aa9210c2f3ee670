//go:build cgo

// The vectors of the official clients, and the server's tokens, through cgo. tests/vectors/README.md says what each section
// proves, and what is not run.
package core

import (
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

type planRow struct {
	InputOrder  []string `json:"input_order"`
	Seed        int64
	First       []string
	Expect      []string
	NodeHosts   []string `json:"node_hosts"`
	Port        int
	Scheme      string
	ShortNames  []string `json:"first_short_names"`
	FirstOfSeed string
}

var clients struct {
	RawPlans      []planRow `json:"raw_plan_insertion_order"`
	GoOrder       planRow   `json:"go_order_small"`
	SortedPlans   []planRow `json:"affinity_plan_sorted"`
	FirstWithSeed []struct {
		NodeHosts []string `json:"node_hosts"`
		Port      int
		Seed      int64
		First     string
	} `json:"first_node_with_seed"`
	Hashes []struct {
		Type     string
		Value    string
		ValueHex string `json:"value_hex"`
		Hash     int64  `json:"hash_signed"`
	} `json:"attribute_value_hash"`
	Unsupported struct{ Types []string } `json:"attribute_value_unsupported"`
	Canonical   struct {
		Rows []struct {
			N     int
			Nodes []string `json:"nodes_sorted"`
			Key   string   `json:"key_S"`
			Hash  int64
			Plan  []string `json:"plan_first8"`
		}
	} `json:"derived_canonical_plans"`
	Draws []struct {
		Seed  int64
		Int63 []int64
		Intn  map[string][]int64
	} `json:"derived_go_math_rand"`
	BatchSeeds []struct {
		Keys   []string `json:"keys_S"`
		Hashes []int64
	} `json:"derived_go_batch_seed"`
	ByIP struct {
		Nodes     []string
		Port      int
		URL       []string `json:"order_go_java_cpp_rust_csharp"`
		Host      []string `json:"order_python_2_0_1"`
		HostJS    []string `json:"order_js_localeCompare_node20"`
		Differing int      `json:"keys_user_0_to_999_with_different_first_node"`
		Rows      []struct {
			Key    string `json:"key_S"`
			Hash   int64
			ByURL  string `json:"go_java_cpp_rust_csharp_first"`
			ByHost string `json:"python_js_first"`
		}
	} `json:"derived_disagreement_ip_prefix"`
	ByPort struct {
		Port   int
		URL    []string `json:"order_go_java_cpp"`
		Elided []string `json:"order_rust_csharp(default port elided)"`
	} `json:"derived_disagreement_default_port"`
	Preferred []struct {
		Nodes, Preferred []string
		Expect           []string `json:"expect_short"`
	} `json:"preferred_plans"`
	LocalNodes []struct {
		Body   string
		Hosts  []string `json:"expect_hosts"`
		Port   int
		Scope  struct{ DC, Rack string }
		Query  string `json:"query_java"`
		Python string `json:"query_python"`
	} `json:"localnodes_vectors"`
}

var tokens struct {
	Rows []struct {
		Type, Wire string
		Bytes      string `json:"key_bytes_hex"`
		Token      int64
	}
}

var keysForSeeds struct{ Keys map[string]string }

func TestMain(m *testing.M) {
	for name, into := range map[string]any{"official_clients": &clients, "tokens": &tokens, "keys_for_seeds": &keysForSeeds} {
		text, err := os.ReadFile(filepath.Join("..", "..", "..", "..", "tests", "vectors", name+".json"))
		if err == nil {
			err = json.Unmarshal(text, into)
		}
		if err != nil {
			panic(err)
		}
	}
	os.Exit(m.Run())
}

func keyOfSeed(t *testing.T, seed int64) Key {
	t.Helper()
	digits, known := keysForSeeds.Keys[fmt.Sprint(seed)]
	if !known {
		t.Fatalf("there is no key for the seed %d", seed)
	}
	return Key{KeyBinary, unhex(t, digits)}
}

func unhex(t *testing.T, digits string) string {
	t.Helper()
	value, err := hex.DecodeString(digits)
	if err != nil {
		t.Fatal(err)
	}
	return string(value)
}

func str(value string) Key { return Key{KeyString, value} }

func typed(t *testing.T, kind, text, digits string) Key {
	t.Helper()
	switch kind {
	case "S":
		return str(text)
	case "N":
		return Key{KeyNumber, text}
	case "B":
		return Key{KeyBinary, unhex(t, digits)}
	}
	t.Fatalf("no key has the type %q", kind)
	return Key{}
}

func handle(t *testing.T, settings ...Setting) *Handle {
	t.Helper()
	h, err := New(append([]Setting{{"refresh.mode", "manual"}}, settings...))
	if err != nil {
		t.Fatal(err)
	}
	return h
}

// over is a handle over a list that never changes.
func over(t *testing.T, nodes []string, settings ...Setting) *Handle {
	t.Helper()
	return handle(t, append(settings, Setting{"seeds", strings.Join(nodes, ",")}, Setting{"discovery", "static"})...)
}

// overNumbered is a handle over n0000, n0001, ..., of which there may be more than a configuration can name.
func overNumbered(t *testing.T, count int) *Handle {
	t.Helper()
	h := handle(t, Setting{"seeds", "seed"}, Setting{"scope", "dc:one"})
	names := make([]string, count)
	for i := range names {
		names[i] = fmt.Sprintf("n%04d", i)
	}
	body, err := json.Marshal(names)
	if err != nil {
		t.Fatal(err)
	}
	answer(t, h, body)
	if listed := urls(t, h); len(listed) != count {
		t.Fatalf("%d nodes instead of %d", len(listed), count)
	}
	return h
}

func answer(t *testing.T, h *Handle, body []byte) {
	t.Helper()
	fetch, wanted := h.DiscoveryNext()
	if !wanted {
		t.Fatal("nothing is wanted")
	}
	h.DiscoveryFeed(fetch, 200, body)
}

func urls(t *testing.T, h *Handle) []string {
	t.Helper()
	nodes, err := h.Listed()
	if err != nil {
		t.Fatal(err)
	}
	texts := make([]string, len(nodes))
	for i, node := range nodes {
		texts[i] = node.Text
	}
	return texts
}

func urlOf(t *testing.T, h *Handle, id int32) string {
	t.Helper()
	node, err := h.Node(id)
	if err != nil {
		t.Fatal(err)
	}
	return node.Text
}

func nodeFor(t *testing.T, h *Handle, key Key) string {
	t.Helper()
	return urlOf(t, h, h.NodeForKey(key))
}

func planFor(t *testing.T, h *Handle, key Key, steps int) []string {
	t.Helper()
	var plan Plan
	if status := h.PlanForKey(key, &plan); status < 0 {
		t.Fatal(status)
	}
	return walk(t, h, &plan, steps)
}

func walk(t *testing.T, h *Handle, plan *Plan, steps int) []string {
	t.Helper()
	texts := make([]string, steps)
	for i := range texts {
		texts[i] = urlOf(t, h, h.PlanNext(plan))
	}
	return texts
}

func nodeURL(host string, port int) string { return fmt.Sprintf("http://%s:%d", host, port) }

func inFull(hosts []string, port int) []string {
	texts := make([]string, len(hosts))
	for i, host := range hosts {
		texts[i] = nodeURL(host, port)
	}
	return texts
}

func equal(t *testing.T, what any, got, wanted []string) {
	t.Helper()
	if !slices.Equal(got, wanted) {
		t.Errorf("%v: %v instead of %v", what, got, wanted)
	}
}

func TestRawPlansAreTheOfficialOnes(t *testing.T) {
	small := clients.GoOrder
	small.First = small.Expect
	for _, row := range append(slices.Clone(clients.RawPlans), small) {
		// Named so that the sorted order is that of insertion.
		names, listed := make(map[string]string), make([]string, len(row.InputOrder))
		for place, node := range row.InputOrder {
			listed[place] = fmt.Sprintf("n%02d", place)
			names[node] = nodeURL(listed[place], 8000)
		}
		wanted := make([]string, len(row.First))
		for i, node := range row.First {
			wanted[i] = names[node]
		}
		equal(t, row.Seed, planFor(t, over(t, listed), keyOfSeed(t, row.Seed), len(wanted)), wanted)
	}
}

func TestPlansOverSortedNodesAreTheOfficialOnes(t *testing.T) {
	for _, row := range clients.SortedPlans {
		h := over(t, row.NodeHosts, Setting{"port", fmt.Sprint(row.Port)}, Setting{"scheme", row.Scheme})
		var wanted []string
		for _, short := range row.ShortNames {
			place := slices.IndexFunc(row.NodeHosts, func(host string) bool { return strings.HasPrefix(host, short+".") })
			wanted = append(wanted, fmt.Sprintf("%s://%s:%d", row.Scheme, row.NodeHosts[place], row.Port))
		}
		equal(t, row.Seed, planFor(t, h, keyOfSeed(t, row.Seed), len(wanted)), wanted)
	}
	for _, row := range clients.FirstWithSeed {
		h := over(t, row.NodeHosts, Setting{"port", fmt.Sprint(row.Port)})
		equal(t, row.Seed, []string{nodeFor(t, h, keyOfSeed(t, row.Seed))}, []string{nodeURL(row.First, row.Port)})
	}
}

func TestPlansForKeysAreCanonicalForEveryNumberOfNodes(t *testing.T) {
	for _, row := range clients.Canonical.Rows {
		nodes := make([]string, row.N)
		for i := range nodes {
			nodes[row.N-1-i] = fmt.Sprintf("10.0.%d.%d", i/6, i%6+1)
		}
		h := over(t, nodes)
		if row.Nodes != nil {
			equal(t, row.N, urls(t, h), row.Nodes)
		}
		equal(t, row.N, planFor(t, h, str(row.Key), len(row.Plan)), row.Plan)
		equal(t, row.N, []string{nodeFor(t, h, str(row.Key))}, row.Plan[:1])
	}
}

func TestPlansDrawTheNumbersOfGo(t *testing.T) {
	const boundForRawDraws = 4079
	bounds := map[int][][]int64{boundForRawDraws: make([][]int64, len(clients.Draws))}
	for i, row := range clients.Draws {
		for text, draws := range row.Intn {
			bound, err := strconv.Atoi(text)
			if err != nil {
				t.Fatal(err)
			}
			if bounds[bound] == nil {
				bounds[bound] = make([][]int64, len(clients.Draws))
			}
			bounds[bound][i] = draws
		}
		for _, draw := range row.Int63 {
			bounds[boundForRawDraws][i] = append(bounds[boundForRawDraws][i], draw>>32%boundForRawDraws)
		}
	}
	for bound, rows := range bounds {
		for draw := range rows[0] {
			// Each step has one node less to draw from.
			h := overNumbered(t, bound+draw)
			nodes := urls(t, h)
			for i, row := range clients.Draws {
				steps := planFor(t, h, keyOfSeed(t, row.Seed), draw+1)
				left := slices.Clone(nodes)
				for _, node := range steps[:draw] {
					left[slices.Index(left, node)] = left[len(left)-1]
					left = left[:len(left)-1]
				}
				if wanted := left[rows[i][draw]]; steps[draw] != wanted {
					t.Errorf("seed %d, bound %d, draw %d: %s instead of %s", row.Seed, bound, draw, steps[draw], wanted)
				}
			}
		}
	}
}

func TestKeyAndTheKeyForItsHashHaveTheSamePlan(t *testing.T) {
	h := overNumbered(t, 100)
	same := func(key Key, hash int64) {
		t.Helper()
		equal(t, key, planFor(t, h, key, 100), planFor(t, h, keyOfSeed(t, hash), 100))
	}
	for _, row := range clients.Hashes {
		same(typed(t, row.Type, row.Value, row.ValueHex), row.Hash)
	}
	for _, row := range clients.Canonical.Rows {
		same(str(row.Key), row.Hash)
	}
	for _, row := range clients.ByIP.Rows {
		same(str(row.Key), row.Hash)
	}
	for _, row := range clients.BatchSeeds {
		for i, key := range row.Keys {
			same(str(key), row.Hashes[i])
		}
	}
}

func TestTokensAreThoseOfTheServer(t *testing.T) {
	for _, row := range tokens.Rows {
		token, err := TokenForKey(typed(t, row.Type, row.Wire, row.Bytes))
		if err != nil || token != row.Token {
			t.Errorf("%+v: %d, %v", row, token, err)
		}
	}
	if _, err := TokenForKey(Key{KeyNumber, "no number"}); err != InvalidArgument {
		t.Errorf("a text that is no number: %v", err)
	}
}

//go:build cgo

package core

import (
	"errors"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"strconv"
	"testing"
	"time"
)

func repository(t *testing.T, path ...string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(append([]string{"..", "..", "..", ".."}, path...)...))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func TestEveryStatusAndOutcomeOfTheHeaderHasItsConstant(t *testing.T) {
	header := repository(t, "include", "alternator_lb.h")
	statuses := map[Status]bool{
		InvalidArgument: true, ABIMismatch: true, UnknownOption: true, BadValue: true, NoNodes: true, UnknownNode: true, Timeout: true,
		Unreachable: true, TLS: true, BadResponse: true, ScopeUnknown: true, Unsupported: true, StaleToken: true, IO: true, Panic: true,
		TooLarge: true, BudgetSpent: true, NotOffered: true,
	}
	found := regexp.MustCompile(`#define (ALB_ERR_\w+) (-\d+)`).FindAllStringSubmatch(header, -1)
	if len(found) != len(statuses) {
		t.Errorf("the header has %d statuses, here are %d", len(found), len(statuses))
	}
	for _, match := range found {
		number, err := strconv.Atoi(match[2])
		if err != nil || !statuses[Status(number)] || Status(number).Name() != match[1] {
			t.Errorf("%s is missing", match[0])
		}
	}
	outcomes := regexp.MustCompile(`#define ALB_OUTCOME_\w+ \d+`).FindAllString(header, -1)
	if len(outcomes) != int(Cancelled)+1 {
		t.Errorf("the header has %d outcomes", len(outcomes))
	}
	facts := regexp.MustCompile(`#define ALB_WRITE_\w+ \d+`).FindAllString(header, -1)
	if 1<<(len(facts)-1) != WriteAttributeUpdatesDeleteValue {
		t.Errorf("the header has %d facts of writes", len(facts))
	}
}

func TestErrorsUnwrapToTheirStatus(t *testing.T) {
	_, err := New([]Setting{{"seeds", "a"}, {"port", "none"}})
	var details *Error
	if !errors.Is(err, BadValue) || errors.Is(err, UnknownOption) || !errors.As(err, &details) || details.Status != BadValue {
		t.Errorf("the error is %v", err)
	}
	if text := BudgetSpent.Error(); text != "alternator: budget spent" {
		t.Errorf("a status alone says %q", text)
	}
	if _, err := New(nil); !errors.Is(err, BadValue) {
		t.Errorf("no seeds: %v", err)
	}
	h := over(t, []string{"a"})
	if _, err := h.Node(99); !errors.Is(err, UnknownNode) {
		t.Errorf("a node that is not there: %v", err)
	}
	if _, err := h.Node(-5); err == nil {
		t.Error("a negative number is a node")
	}
}

// Handles are freed by the garbage collector: these would hold 400 MB.
func TestHandlesAreFreed(t *testing.T) {
	batch := func() {
		for range 1000 {
			over(t, []string{"a", "b", "c"})
		}
		for range 5 {
			runtime.GC()
			time.Sleep(10 * time.Millisecond) // cleanups run beside
		}
	}
	for range 10 { // until the C heap has its size
		batch()
	}
	before := resident(t)
	for range 20 {
		batch()
	}
	if grown := resident(t) - before; grown > 200<<20 {
		t.Errorf("%d MB more are held", grown>>20)
	}
}

func resident(t *testing.T) int {
	t.Helper()
	text, err := os.ReadFile("/proc/self/statm")
	if err != nil {
		t.Skip("there is no /proc: ", err)
	}
	pages, err := strconv.Atoi(regexp.MustCompile(`\d+ (\d+)`).FindStringSubmatch(string(text))[1])
	if err != nil {
		t.Fatal(err)
	}
	return pages * os.Getpagesize()
}

func TestCallsOfTheHotPathAllocateNothing(t *testing.T) {
	h := overNumbered(t, 50)
	if _, err := h.Node(h.NextNode()); err != nil {
		t.Fatal(err)
	}
	var plan Plan
	key := str("some key")
	if allocated := testing.AllocsPerRun(1000, func() {
		h.Report(h.NextNode(), Success, time.Millisecond)
		h.PlanStart(&plan)
		h.PlanNext(&plan)
		h.PlanForKey(key, &plan)
		h.PlanNext(&plan)
		h.RetryDelay(&plan, ServerError)
		h.NodeForKey(key)
		h.Generation()
	}); allocated != 0 {
		t.Errorf("%v allocations", allocated)
	}
}

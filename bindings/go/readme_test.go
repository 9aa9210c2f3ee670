package alb_test

import (
	"os"
	"regexp"
	"strings"
	"testing"

	alb "github.com/scylladb/alternator-lb/bindings/go"
)

// flat is a text without its indentation.
func flat(text string) string {
	lines := strings.Split(strings.TrimSpace(text), "\n")
	for i, line := range lines {
		lines[i] = strings.TrimSpace(line)
	}
	return strings.Join(lines, "\n")
}

func TestSnippetsOfTheReadmeAreExamplesThatRun(t *testing.T) {
	text, err := os.ReadFile("example_test.go")
	must(t, err)
	examples := flat(string(text))
	readme, err := os.ReadFile("README.md")
	must(t, err)
	snippets := regexp.MustCompile("(?s)```go\n(.*?)```").FindAllStringSubmatch(string(readme), -1)
	if len(snippets) < 6 {
		t.Errorf("there are %d snippets", len(snippets))
	}
	for _, snippet := range snippets {
		if !strings.Contains(examples, flat(snippet[1])) {
			t.Errorf("no example holds\n%s", snippet[1])
		}
	}
}

func TestReadmeTellsOfEveryOption(t *testing.T) {
	readme, err := os.ReadFile("README.md")
	must(t, err)
	for _, path := range []string{"options.go", "tls.go", "transport.go"} {
		source, err := os.ReadFile(path)
		must(t, err)
		for _, option := range regexp.MustCompile(`(?m)^func (With\w+)\(`).FindAllStringSubmatch(string(source), -1) {
			if !strings.Contains(string(readme), "`"+option[1]+"`") {
				t.Errorf("%s is not in the README", option[1])
			}
		}
	}
}

func TestVersionIsTheCores(t *testing.T) {
	manifest, err := os.ReadFile("../../Cargo.toml")
	must(t, err)
	if !strings.Contains(string(manifest), "\nversion = \""+alb.Version+"\"") {
		t.Errorf("Cargo.toml has another version than %s", alb.Version)
	}
}

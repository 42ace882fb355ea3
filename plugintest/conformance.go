package plugintest

import (
	"bytes"
	"context"
	"fmt"
	"maps"
	"runtime/pprof"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/calyptia/plugin"
)

// Setup says how [InputConformance], [OutputConformance] and [LibraryConformance] run a plugin.
type Setup struct {
	// Conf is the configuration of every section. It must be a good one. A plugin whose sections cannot share something,
	// such as a file, needs [Each].
	Conf Config

	// Options are those that the plugin is registered with.
	Options []plugin.Option

	// Virtual runs every check in a bubble of testing/synctest, where long waits take no time. It is for plugins that wait
	// for time and channels alone: a bubble never ends while a goroutine reads from a network, and one in which a goroutine
	// is left behind ends the whole test with a panic.
	Virtual bool

	// Prompt, of inputs, is called when a check waits for events, to give the input something to send; nil if it sends
	// of its own accord. Checks that need events are skipped if none come.
	Prompt func()

	// Records, of outputs, are good ones for Flush, as for [OutputSection.Flush]. If there are none, they are zero values
	// of a record type that is a struct, or else small maps.
	Records []any

	// Delivered, of outputs, returns what has arrived at the destination since all checks began, in any textual form. It is
	// asked for traces of memory that was the engine's; without it that check is skipped.
	Delivered func() []byte
}

// check is one rule. Its name says what a plugin does that keeps it.
type check struct {
	name string
	run  func(t testing.TB)
}

// Names of checks that inputs and outputs have.
const (
	closesInTime  = "Close returns in time"
	goroutinesEnd = "goroutines end with the section"
)

// runChecks runs the first one alone: if it fails, the others would say no more.
func runChecks(t *testing.T, checks []check, virtual bool) {
	for i, c := range checks {
		ok := t.Run(c.name, func(t *testing.T) {
			if virtual {
				synctest.Test(t, func(t *testing.T) { c.run(t) })
			} else {
				c.run(t)
			}
		})
		if i == 0 && !ok {
			return
		}
	}
}

// Texts of the library's own log, by which it tells of rules that are broken.
const (
	saysCollectLate = "Collect has not returned in time"
	saysCloseLate   = "Close has not returned in time"
	saysFlushLate   = "Flush has not returned in time"
	saysRejected    = "event rejected"
)

// wantNo reports the first line of the log that has a text in it.
func (c *common) wantNo(t testing.TB, text, rule string) {
	t.Helper()
	for _, line := range c.Log() {
		if strings.Contains(line, text) {
			t.Errorf("%s: %s", rule, line)
			return
		}
	}
}

// closed is the rule of Close, once the section has exited.
func (c *common) closed(t testing.TB) {
	t.Helper()
	c.wantNo(t, "] Close", "Close returns within five seconds, without an error or a panic")
}

// labelKey is that of the label by which goroutines of one check are known, and labels counts them.
const labelKey = "plugintest"

var labels atomic.Int64

func (c *common) labelled() { c.label = fmt.Sprint("check ", labels.Add(1)) }

// grace is how long goroutines may take to end after the exit.
const grace = time.Second

// ended is the rule of goroutines, once the section has exited.
func (c *common) ended(t testing.TB) {
	t.Helper()
	if c.Logged(saysCollectLate) || c.Logged(saysCloseLate) {
		return // another rule, whose goroutine this would find
	}
	left := ""
	for end := time.Now().Add(grace); ; <-time.After(10 * look) {
		if left = c.goroutines(t); left == "" || time.Now().After(end) {
			break
		}
	}
	if left != "" {
		t.Errorf("goroutines of a section end with it, these have not:\n%s", left)
	}
}

// goroutines returns the stacks of those that carry the section's label.
func (c *common) goroutines(t testing.TB) (stacks string) {
	t.Helper()
	var all bytes.Buffer
	if err := pprof.Lookup("goroutine").WriteTo(&all, 1); err != nil {
		t.Fatal(err)
	}
	for _, g := range strings.Split(all.String(), "\n\n") {
		if strings.Contains(g, fmt.Sprintf("%q:%q", labelKey, c.label)) {
			stacks += g + "\n"
		}
	}
	return stacks
}

// with adds properties to those of the section.
func (s section) with(properties map[string]string) section {
	all := make(map[string]string)
	for name, value := range s.properties {
		all[strings.ToLower(name)] = value
	}
	maps.Copy(all, properties)
	return section{s.name, all}
}

// closeOf calls the Close of a plugin that has one.
func closeOf(ctx context.Context, p any) error {
	if c, ok := p.(plugin.Closer); ok {
		return c.Close(ctx)
	}
	return nil
}

package plugintest_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/calyptia/plugin/plugintest"
)

var t *testing.T // what a test function is given

// An input runs in virtual time, and the engine takes what it has sent once a second.
func ExampleInput() {
	synctest.Test(t, func(t *testing.T) {
		in := plugintest.Input(t, &counter{}, plugintest.Properties{"every": "10s"})
		in.Run(25 * time.Second)
		if got := plugintest.Records[count](in); len(got) != 3 {
			t.Errorf("records = %v, want 3", got)
		}
	})
}

// A configuration may be text in either of Fluent Bit's forms.
func ExampleInputError() {
	err := plugintest.InputError(t, &counter{}, plugintest.Classic(`
[INPUT]
    Name   counter
    Every  often
`))
	if want := `plugin: input "counter.0": config: every: "often" is not a duration (want 500ms, 10s, 1m or a number of seconds)`; err.Error() != want {
		t.Errorf("Init() = %v, want %s", err, want)
	}
}

// An output is given chunks, and again those that it could not deliver.
func ExampleOutput() {
	out := plugintest.Output(t, newWriter(nil), nil)
	if got := out.Flush("app", count{1}, map[string]any{"n": 2}); got != plugintest.Retry {
		t.Errorf("Flush() = %v, want %v while nobody listens", got, plugintest.Retry)
	}
	if got := out.Retry(); got != plugintest.OK {
		t.Errorf("Retry() = %v, want %v", got, plugintest.OK)
	}
}

// A plugin that waits for time and channels alone is checked in virtual time.
func ExampleInputConformance() {
	plugintest.InputConformance(t, &counter{}, plugintest.Setup{Conf: plugintest.Properties{"every": "1m"}, Virtual: true})
}

// An incident in production, recorded by flbgo run --capture, becomes a test.
func ExampleReplay() {
	plugintest.Replay(t, plugintest.Output(t, newWriter(nil), nil), "testdata/incident.cbor")
}

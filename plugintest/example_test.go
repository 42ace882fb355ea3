package plugintest_test

import (
	"errors"
	"fmt"
	"path/filepath"
	"testing"
	"testing/synctest"
	"time"

	"github.com/calyptia/plugin"
	"github.com/calyptia/plugin/plugintest"
	"github.com/calyptia/plugin/record"
)

var t = new(testing.T) // what a test function is given

// Examples that need a test around them.
func TestExamples(test *testing.T) {
	defer func(outside *testing.T) { t = outside }(t)
	t = test
	ExampleInput()
	ExampleInputConformance()
	ExampleEach()
	ExampleOutputConformance()
	ExampleInputSection_Pause()
	ExampleInputSection_Refuse()
}

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

// Events have the tags that the engine gives them.
func ExampleEvents() {
	in := plugintest.Input(t, &counter{}, plugintest.Properties{"every": "1ms", "tag": "app"})
	in.WaitFor(2)
	in.Exit()
	for _, ev := range plugintest.Events[count](in)[:2] {
		fmt.Println(ev.Tag, ev.Record.N, ev.Metadata)
	}
	// Output:
	// app 1 map[odd:true]
	// app 2 map[odd:false]
}

// Records may be read as another type than the plugin's own, to see what outputs will.
func ExampleRecords() {
	in := plugintest.Input(t, &counter{}, plugintest.Properties{"every": "1ms"})
	in.WaitFor(1)
	in.Exit()
	fmt.Println(plugintest.Records[map[string]any](in)[0])
	// Output: map[n:1]
}

// The error is what the person who edits fluent-bit.conf reads.
func ExampleOutputError() {
	err := plugintest.OutputError(t, newWriter(nil), plugintest.Properties{"alias": "app", "paht": "/var/log/app.log"})
	fmt.Println(err)
	// Output: plugin: output "app": unknown configuration property "paht"
}

// A chunk as bytes is for what no output wants to be given.
func ExampleChunk() {
	out := plugintest.Output(t, newWriter(nil), nil)
	defer out.Exit()
	chunk := plugintest.Chunk(t, count{1}, plugin.Event[count]{Time: time.Unix(1700000000, 0), Record: count{2}})
	fmt.Println("whole:", out.FlushChunk("app", chunk))
	fmt.Println("cut:", out.FlushChunk("app", chunk[:len(chunk)-1]))
	// Output:
	// whole: ok
	// cut: error
}

// The log and the metrics of a section are there to be looked at.
func ExampleOutputSection_Flush() {
	out := plugintest.Output(t, newWriter(func(ev *plugin.Event[record.Raw]) error {
		if ev.Index() == 1 {
			return errors.New("refused")
		}
		return nil
	}), nil)
	defer out.Exit()
	fmt.Println(out.Flush("app", count{1}, count{2}, count{3}))
	fmt.Println(out.Logged("chunk partly delivered"), out.Metric("go_output_records_total"))
	// Output:
	// retry
	// true 2
}

// While the engine has paused a section, nothing is lost and nothing is taken.
func ExampleInputSection_Pause() {
	synctest.Test(t, func(t *testing.T) {
		in := plugintest.Input(t, &counter{}, nil)
		in.Pause()
		in.Run(time.Hour)
		if got := in.Metric("go_input_records_total"); got != 1 {
			t.Errorf("records = %v, want the one before the pause", got)
		}
		in.Resume()
		in.Collect()
		if got := in.Metric("go_input_records_total"); got != 2 {
			t.Errorf("records = %v, want also the one that has waited", got)
		}
	})
}

// A ring buffer that is full loses no events.
func ExampleInputSection_Refuse() {
	synctest.Test(t, func(t *testing.T) {
		in := plugintest.Input(t, &counter{}, nil)
		in.Refuse(2)
		in.WaitFor(10)
		if got := plugintest.Records[count](in)[0].N; got != 1 {
			t.Errorf("first record = %d, want 1", got)
		}
	})
}

// What remembers its place goes on after a reload; this input begins anew.
func ExampleInputSection_Reload() {
	in := plugintest.Input(t, &counter{}, plugintest.Properties{"every": "1h"})
	in.WaitFor(1)
	in.Reload()
	in.WaitFor(2)
	in.Exit()
	fmt.Println(plugintest.Records[count](in))
	// Output: [{1} {1}]
}

// The text of a fluent-bit.conf.
func ExampleClassic() {
	fmt.Println(plugintest.InputError(t, &counter{}, plugintest.Classic(`
[INPUT]
    Name   counter
    Path   none
`)))
	// Output: plugin: input "counter.0": no such path
}

// The text of a fluent-bit.yaml.
func ExampleYAML() {
	fmt.Println(plugintest.InputError(t, &counter{}, plugintest.YAML(`
pipeline:
  inputs:
    - name: counter
      every: never
`)))
	// Output: plugin: input "counter.0": config: every: "never" is not a duration (want 500ms, 10s, 1m or a number of seconds)
}

// Properties are as a section of a file has them: text, under names in any case.
func ExampleProperties() {
	fmt.Println(plugintest.InputError(t, &counter{}, plugintest.Properties{"Path": "none", "Alias": "totals"}))
	// Output: plugin: input "totals": no such path
}

// Every section has a file of its own.
func ExampleEach() {
	dir, n := t.TempDir(), 0
	plugintest.InputConformance(t, &counter{}, plugintest.Setup{Virtual: true, Conf: plugintest.Each(func() plugintest.Config {
		n++
		return plugintest.Properties{"path": filepath.Join(dir, fmt.Sprint(n, ".log"))}
	})})
}

// What was delivered is looked through for memory that was the engine's.
func ExampleOutputConformance() {
	w := newWriter(nil)
	plugintest.OutputConformance(t, w, plugintest.Setup{
		Records:   []any{count{1}, count{2}},
		Delivered: func() []byte { return fmt.Append(nil, w.lines) },
	})
}

// The plugin of this folder, as Fluent Bit loads it.
func ExampleLibraryConformance() {
	plugintest.LibraryConformance(t, plugintest.Build(t, "."), plugintest.Setup{Conf: plugintest.Properties{"every": "10ms"}})
}

// A library that is built once is tested in many ways.
func ExampleBuild() {
	file := plugintest.Build(t, "in_counter")
	for _, every := range []string{"10ms", "1s"} {
		plugintest.LibraryConformance(t, file, plugintest.Setup{Conf: plugintest.Properties{"every": every}})
	}
}

// What Fluent Bit finds is what the package's init function has registered.
func ExampleRegistered() {
	if kind, name := plugintest.Registered(t); kind != "input" || name != "counter" {
		t.Errorf("Registered() = %s %q, want input counter", kind, name)
	}
}

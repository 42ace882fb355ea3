package e2e

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/calyptia/plugin/internal/e2e/testdata/in_stream/stream"
	ledger "github.com/calyptia/plugin/internal/e2e/testdata/out_ledger"
	"github.com/calyptia/plugin/internal/engine"
	"github.com/calyptia/plugin/internal/engine/chost"
	"github.com/calyptia/plugin/record"
)

// A ring buffer of two slots is full while a flush holds the pipeline: what the engine does not take is kept, and delivered
// once.
func TestRingFullInEngine(t *testing.T) {
	t.Parallel()
	needCgo(t)
	const count = 20000
	const conf = `[SERVICE]
    flush        0.2
    grace        30
    plugins_file plugins.conf
[INPUT]
    name   stream
    end    20000
    tags   5
    report report
    go.buffer_limit 32K
    thread.ring_buffer.capacity 2
[OUTPUT]
    name  unordered
    match *
    path  numbers
    busy  30ms
    fail  off
`
	dir := t.TempDir()
	write(t, dir, "fluent-bit.conf", conf)
	write(t, dir, "plugins.conf", "[PLUGINS]\n    path "+own(t, "in_stream")+"\n    path "+own(t, "out_ledger/unordered")+"\n")
	output, err := runEmbedded(t, engine.Options{}, dir, func(string) bool {
		info, err := os.Stat(filepath.Join(dir, "numbers"))
		return err == nil && info.Size() >= count*ledger.EntrySize
	})
	if err != nil {
		t.Fatalf("%v\n%s", err, output)
	}
	for _, line := range []string{
		"[error] [input] stream.0 could not enqueue records into the ring buffer",
		"[warn] [stream.0] events not taken, kept until they are",
	} {
		if !strings.Contains(output, line) {
			t.Errorf("log has no line %s\n%s", line, output)
		}
	}
	seen := make(map[uint64]int)
	eachEntry(t, filepath.Join(dir, "numbers"), func(e ledger.Entry) { seen[e.Seq()]++ })
	for seq := range uint64(count) {
		if seen[seq] != 1 {
			t.Fatalf("event %d was delivered %d times, want once\n%s", seq, seen[seq], output)
		}
	}
}

// What the engine refuses once or twice in the first pause of a stop is not lost.
func TestRefusedInPause(t *testing.T) {
	t.Parallel()
	needCgo(t)
	forGenerations(t, func(t *testing.T, g chost.Generation) {
		r := start(t, chost.Options{Generation: g, Tick: never})
		lib := r.load(own(t, "in_sequence"))
		in := r.run(lib, sequence("count", "300", "tags", "a,b"))
		r.untilSaid("sent count=300")
		r.mu.Lock()
		r.refuse = 2
		r.mu.Unlock()
		r.must(in.Pause())
		r.must(in.Pause())
		r.exit([]*chost.Instance{in}, lib)
		if diff := diff(sent(300, 1, "a", "b"), byTag(arrivals(t, r.take(), in))); diff != "" {
			t.Errorf("records by tag (-sent +handed over):\n%s\n%s", diff, r.log)
		}
	})
}

// streamChunk is a chunk of n events of in_stream.
func streamChunk(t testing.TB, n uint64) []byte {
	t.Helper()
	encoder, err := record.NewEncoder[stream.Item]()
	if err != nil {
		t.Fatal(err)
	}
	var chunk []byte
	for seq := range n {
		item := stream.New(0, seq)
		if chunk, err = encoder.Append(chunk, &record.Header{Time: time.Unix(1, 0)}, &item, 0); err != nil {
			t.Fatal(err)
		}
	}
	return chunk
}

// A Flush that never returns holds up neither other sections nor, once it is given up, the exit of its own.
func TestStuckFlush(t *testing.T) {
	t.Parallel()
	needCgo(t)
	for _, plugin := range []string{"ordered", "unordered"} {
		for _, workers := range []int{0, 1, 4} {
			t.Run(plugin+" workers "+strconv.Itoa(workers), func(t *testing.T) {
				t.Parallel()
				r := start(t, chost.Options{})
				lib := r.load(own(t, "out_ledger/"+plugin))
				dir := t.TempDir()
				section := func(name string, workers int, props ...string) *chost.Instance {
					props = append(props, "path", filepath.Join(dir, name), "fail", "off", "go.flush_timeout", "10ms")
					return r.run(lib, chost.InstanceOptions{Name: name, Workers: workers, Properties: properties(props...)})
				}
				stuck, other, third := section("stuck", workers, "hang", "on"), section("other", 1), section("third", 2)
				chunk := streamChunk(t, 10)
				verdict := make(chan int, 1)
				begin := time.Now()
				go func() { verdict <- r.flush(stuck, "t", chunk) }()
				for range 3 {
					if got := r.flush(other, "t", chunk); got != 1 {
						t.Errorf("Flush() = %d of another section, want 1", got)
					}
				}
				r.exit([]*chost.Instance{other})
				if took := time.Since(begin); workers > 0 && took > 4*time.Second {
					t.Errorf("another section's flushes and exit took %v beside a flush that is stuck", took)
				}
				if got := <-verdict; got != 2 {
					t.Errorf("Flush() = %d that did not return, want 2", got)
				}
				if got := r.log.count("ERROR [stuck] Flush has not returned in time"); got != 1 {
					t.Errorf("%d log lines name the flush, want 1\n%s", got, r.log)
				}
				r.exit([]*chost.Instance{stuck, third}, lib)
			})
		}
	}
}

// What a library holds after sections have come and gone is what it held before.
func TestReloadCensus(t *testing.T) {
	t.Parallel()
	needCgo(t)
	for _, tt := range []struct {
		folder string
		props  []string
		// Go counts one for each of the engine's threads that has called it: main, and for outputs the pipeline's.
		goroutines int
	}{
		{"in_stream", []string{"report", "report", "end", "1000000", "go.buffer_limit", "4K"}, 1},
		{"out_ledger/ordered", []string{"path", "ledger"}, 2},
	} {
		t.Run(tt.folder, func(t *testing.T) {
			t.Parallel()
			forGenerations(t, func(t *testing.T, g chost.Generation) {
				r := start(t, chost.Options{Generation: g, HotReload: true, Dir: t.TempDir()})
				lib := r.load(own(t, tt.folder))
				census := func() string {
					text, err := r.Ask(lib, censusSymbol)
					r.must(err)
					return text
				}
				_, want, _ := strings.Cut(census(), " ")
				want = fmt.Sprintf("goroutines=%d %s", tt.goroutines, want)
				for life := range 10 {
					r.comeAndGo(lib, properties(tt.props...))
					r.SetReloading(true)
					old := lib
					lib = r.load(own(t, tt.folder))
					r.must(r.Unload(old))
					r.SetReloading(false)
					if !settle(func() bool { return census() == want }) {
						t.Fatalf("census is %s after %d lives, want %s", census(), life+1, want)
					}
				}
				r.must(r.Unload(lib))
			})
		})
	}
}

// comeAndGo lets three sections work: one that is paused before its exit, one that is not, and one whose Init fails.
func (r *rig) comeAndGo(lib *chost.Library, props []chost.Property) {
	r.t.Helper()
	var all []*chost.Instance
	for n := range 2 {
		all = append(all, r.run(lib, chost.InstanceOptions{Name: "section." + strconv.Itoa(n), Workers: n, Properties: props}))
	}
	failed := r.section(lib, chost.InstanceOptions{Name: "failed.0"})
	if refused(r.t, failed.Init()) == "" {
		r.t.Error("Init() = nil without a property that is required, want an error")
	}
	for range 3 {
		if lib.Kind == chost.Output {
			r.flush(all[1], "t", streamChunk(r.t, 100))
		}
	}
	if lib.Kind == chost.Input {
		r.until("events", func() bool { return r.from(all[0]) > 0 && r.from(all[1]) > 0 })
		r.must(all[0].Pause())
		r.take()
	}
	r.exit(append(all, failed))
}

// settle gives goroutines that are about to end a moment for it.
func settle(done func() bool) bool {
	for end := time.Now().Add(patience); !done(); {
		if time.Now().After(end) {
			return false
		}
	}
	return true
}

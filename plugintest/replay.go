package plugintest

import (
	"slices"
	"testing"
	"time"

	"github.com/calyptia/plugin/internal/capture"
)

// Replay flushes every chunk of a file that the property go.capture or flbgo run --capture has recorded, in order, and
// compares the verdicts with those in the file. With sections it takes only the chunks of outputs of those names or aliases. A file without any is an error
// of the test.
func Replay(t testing.TB, out *OutputSection, file string, sections ...string) {
	t.Helper()
	items, err := capture.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	flushed := 0
	for at, item := range items {
		if len(sections) > 0 && !slices.Contains(sections, item.Section) {
			continue
		}
		flushed++
		if got := capture.Verdict(out.FlushChunk(item.Tag, item.Chunk).String()); got != item.Verdict {
			t.Errorf("%s: item %d, of %s with tag %q: verdict = %v, want %v", file, at, item.Time.Format(time.RFC3339Nano), item.Tag, got, item.Verdict)
		}
	}
	if flushed == 0 {
		t.Errorf("%s: no chunks of sections %q", file, sections)
	}
}

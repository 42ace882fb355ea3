package plugintest

import (
	"os"
	"slices"
	"testing"
	"time"

	"github.com/calyptia/plugin/internal/capture"
)

// Replay flushes every chunk of a file that flbgo run --capture has recorded, in order, and compares the verdicts with those
// in the file. With sections it takes only the chunks of outputs of those names or aliases. A file without any is an error
// of the test.
func Replay(t testing.TB, out *OutputSection, file string, sections ...string) {
	t.Helper()
	f, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	at, flushed := -1, 0
	for item, err := range capture.Read(f) {
		if err != nil {
			t.Fatal(err)
		}
		at++
		if len(sections) > 0 && !slices.Contains(sections, item.Section) {
			continue
		}
		flushed++
		if got, want := out.FlushChunk(item.Tag, item.Chunk), verdictOf(item); got != want {
			t.Errorf("%s: item %d, of %s with tag %q: verdict = %v, want %v", file, at, item.Time.Format(time.RFC3339Nano), item.Tag, got, want)
		}
	}
	if flushed == 0 {
		t.Errorf("%s: no chunks of sections %q", file, sections)
	}
}

func verdictOf(item capture.Item) Verdict {
	switch item.Verdict {
	case capture.OK:
		return OK
	case capture.Retry:
		return Retry
	}
	return Error
}

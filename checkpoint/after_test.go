package checkpoint

import (
	"fmt"
	"path/filepath"
	"sync"
	"testing"
	"testing/synctest"

	"github.com/google/go-cmp/cmp"
)

func TestAfter(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f := mustOpen[position](t, filepath.Join(t.TempDir(), "state"))
		accepted := f.After(at(1))
		synctest.Wait()
		wantLoad(t, f, position{})
		accepted()
		synctest.Wait()
		wantLoad(t, f, at(1))
	})
}

// What After was given may be changed while it waits.
func TestAfterKeepsTheValue(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "state")
	f := mustOpen[map[string]int](t, path)
	value := map[string]int{"a": 1}
	accepted := f.After(value)
	value["a"] = 2
	accepted()
	mustClose(t, f)
	wantLoad(t, mustOpen[map[string]int](t, path), map[string]int{"a": 1})
}

// gate stops saves at their first step.
type gate struct {
	reached chan struct{}
	open    chan struct{}
}

func (g *gate) step(name string) error {
	if name == "create" {
		g.reached <- struct{}{}
		<-g.open
	}
	return nil
}

// While a save is under way only the newest value waits.
func TestCoalesced(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	f := mustOpen[int](t, filepath.Join(dir, "state"))
	g := gate{make(chan struct{}), make(chan struct{})}
	f.store.step = g.step
	var all []func()
	for n := range 100 {
		all = append(all, f.After(n))
	}
	all[0]()
	<-g.reached
	for _, accepted := range all[1:] {
		accepted() // returns though a save is under way
	}
	g.open <- struct{}{}
	<-g.reached
	g.open <- struct{}{}
	mustClose(t, f)
	want := files{"state": container(t, 2, 99), "state.old": container(t, 1, 0)}
	if diff := cmp.Diff(want, readFiles(t, dir)); diff != "" {
		t.Errorf("files (-want +got):\n%s", diff)
	}
}

func TestCloseSavesWhatWaits(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "state")
	f := mustOpen[int](t, path)
	for n := range 1000 {
		f.After(n)()
	}
	mustClose(t, f)
	wantLoad(t, mustOpen[int](t, path), 999)
}

// A save that begins later is never undone by one that ends later.
func TestNeverBackwards(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "state")
	f := mustOpen[int](t, path)
	var wg sync.WaitGroup
	seen := make(chan int)
	wg.Go(func() {
		defer close(seen)
		for n := range 300 {
			if n%3 == 0 {
				mustSave(t, f, n)
			} else {
				f.After(n)()
			}
			got, err := f.Load()
			if err != nil {
				t.Error(err)
			}
			seen <- got
		}
	})
	last := 0
	for got := range seen {
		if got < last {
			t.Errorf("Load() = %d after %d", got, last)
		}
		last = got
	}
	wg.Wait()
	mustClose(t, f)
	wantLoad(t, mustOpen[int](t, path), 299)
}

func TestSaveReplacesWhatWaits(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "state")
	f := mustOpen[int](t, path)
	g := gate{make(chan struct{}, 3), make(chan struct{})}
	f.store.step = g.step
	f.After(1)()
	<-g.reached
	f.After(2)()
	saved := make(chan error)
	go func() { saved <- f.Save(3) }()
	close(g.open)
	if err := <-saved; err != nil {
		t.Errorf("Save(3) = %v, want nil", err)
	}
	mustClose(t, f)
	wantLoad(t, mustOpen[int](t, path), 3)
}

// Failures are reported once, and so is their end.
func TestFailuresAreReportedOnce(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var log journal
		dir := t.TempDir()
		f := mustOpen[int](t, filepath.Join(dir, "state"), Logger(log.logger()))
		for round := range 2 {
			f.store.step = func(string) error { return errCut }
			for n := range 5 {
				f.After(10*round + n)()
				synctest.Wait()
			}
			f.store.step = func(string) error { return nil }
			f.After(10*round + 9)()
			synctest.Wait()
			wantLoad(t, f, 10*round+9)
		}
		bad := `level=WARN msg="checkpoint not saved, tried again with the next value" path=state error="cut off"`
		good := `level=INFO msg="checkpoint saved again" path=state failures=5`
		if diff := cmp.Diff([]string{bad, good, bad, good}, log.lines(dir)); diff != "" {
			t.Errorf("log (-want +got):\n%s", diff)
		}
	})
}

func TestCloseTriesAgain(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		path := filepath.Join(t.TempDir(), "state")
		f := mustOpen[int](t, path)
		f.store.step = func(string) error { return errCut }
		f.After(1)()
		synctest.Wait()
		f.store.step = func(string) error { return nil }
		mustClose(t, f)
		wantLoad(t, mustOpen[int](t, path), 1)
	})
}

func TestCloseFails(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "state")
	f := mustOpen[int](t, path)
	f.store.step = func(string) error { return errCut }
	f.After(1)()
	wantError(t, "Close()", f.Close(), errCut)
	mustOpen[int](t, path) // unlocked all the same
}

func TestAfterRefusesValues(t *testing.T) {
	t.Parallel()
	var log journal
	dir := t.TempDir()
	f := mustOpen[struct{ V any }](t, filepath.Join(dir, "state"), Logger(log.logger()))
	for range 2 {
		f.After(struct{ V any }{func() {}})()
	}
	want := []string{`level=WARN msg="checkpoint not saved, tried again with the next value" path=state error="cbor: unsupported type: func()"`}
	if diff := cmp.Diff(want, log.lines(dir)); diff != "" {
		t.Errorf("log (-want +got):\n%s", diff)
	}
}

// synctest fails if a goroutine is left when its function returns.
func TestNoGoroutineIsLeft(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		dir := t.TempDir()
		for n := range 10 {
			f, err := Open[int](filepath.Join(dir, fmt.Sprint(n)))
			if err != nil {
				t.Fatal(err)
			}
			f.After(n)()
			mustClose(t, f)
		}
	})
}

func TestAcceptedAllocatesNothing(t *testing.T) {
	f := mustOpen[position](t, filepath.Join(t.TempDir(), "state"))
	g := gate{make(chan struct{}), make(chan struct{})}
	f.store.step = g.step
	accepted := f.After(at(1))
	accepted()
	<-g.reached // what follows waits, so that saves do not count
	if n := testing.AllocsPerRun(100, accepted); n != 0 {
		t.Errorf("%v allocations, want 0", n)
	}
	f.store.step = func(string) error { return nil }
	close(g.open)
}

func BenchmarkSave(b *testing.B) {
	f := mustOpen[position](b, filepath.Join(b.TempDir(), "state"))
	for n := range b.N {
		mustSave(b, f, at(int64(n)))
	}
}

// BenchmarkAfter is what the sender of an event pays.
func BenchmarkAfter(b *testing.B) {
	f := mustOpen[position](b, filepath.Join(b.TempDir(), "state"))
	b.ReportAllocs()
	for n := range b.N {
		f.After(at(int64(n)))
	}
}

// BenchmarkAccepted is what the engine's thread pays, with saves in the background.
func BenchmarkAccepted(b *testing.B) {
	f := mustOpen[position](b, filepath.Join(b.TempDir(), "state"))
	accepted := f.After(at(1))
	b.ReportAllocs()
	for range b.N {
		accepted()
	}
}

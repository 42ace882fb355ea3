package checkpoint_test

import (
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"time"

	"github.com/calyptia/plugin/checkpoint"
)

// One section has the file at a time. A second one with the same path is refused in its Init.
func ExampleOpen() {
	path, remove := temporary()
	defer remove()
	first, err := checkpoint.Open[position](path)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer first.Close()
	_, err = checkpoint.Open[position](path)
	fmt.Println(errors.Is(err, checkpoint.ErrLocked))
	// Output: true
}

// A type may get new fields; they are zero in what an older version has saved.
func ExampleFile_Load() {
	path, remove := temporary()
	defer remove()
	if err := save(path, position{Line: 7}); err != nil {
		fmt.Println(err)
	}
	state, err := checkpoint.Open[struct {
		Line  int       `json:"line"`
		Since time.Time `json:"since"`
	}](path)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer state.Close()
	pos, err := state.Load() // zero where nothing was ever saved
	fmt.Println(pos.Line, pos.Since.IsZero(), err)
	// Output: 7 true <nil>
}

// A file that is damaged does not stop the plugin for good: saves move it aside, and lose nothing of it.
func ExampleFile_Load_damaged() {
	path, remove := temporary()
	defer remove()
	if err := os.WriteFile(path, []byte("not a checkpoint"), 0o600); err != nil {
		fmt.Println(err)
	}
	state, err := checkpoint.Open[position](path)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer state.Close()
	pos, err := state.Load()
	if errors.Is(err, checkpoint.ErrDamaged) {
		fmt.Println("begin anew at line", pos.Line) // or refuse the section
	}
	pos.Line++
	if err := state.Save(pos); err != nil {
		fmt.Println(err)
	}
	fmt.Println(state.Load())
	// Output:
	// begin anew at line 0
	// {1} <nil>
}

// Save is for what must be on disk before something else happens.
func ExampleFile_Save() {
	path, remove := temporary()
	defer remove()
	state, err := checkpoint.Open[map[string]int](path)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer state.Close()
	offsets := map[string]int{"a.log": 4096, "b.log": 17}
	if err := state.Save(offsets); err != nil {
		fmt.Println(err)
		return // and do not delete b.log
	}
	fmt.Println(state.Load())
	// Output: map[a.log:4096 b.log:17] <nil>
}

// What was not accepted is not saved, and comes again after a restart.
func ExampleFile_After() {
	path, remove := temporary()
	defer remove()
	state, err := checkpoint.Open[position](path)
	if err != nil {
		fmt.Println(err)
		return
	}
	first, second := state.After(position{Line: 1}), state.After(position{Line: 2}) // each the Accepted of an event
	first()
	_ = second // the engine stopped before it was sure of this one
	if err := state.Close(); err != nil {
		fmt.Println(err)
	}
	again, err := checkpoint.Open[position](path)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer again.Close()
	fmt.Println(again.Load())
	// Output: {1} <nil>
}

// In a plugin the logger is fbit.Logger.
func ExampleLogger() {
	path, remove := temporary()
	defer remove()
	if err := os.WriteFile(path, []byte("not a checkpoint"), 0o600); err != nil {
		fmt.Println(err)
	}
	logger := slog.New(slog.NewTextHandler(os.Stdout, &slog.HandlerOptions{ReplaceAttr: func(_ []string, a slog.Attr) slog.Attr {
		if a.Key == slog.TimeKey || a.Key == "path" {
			return slog.Attr{}
		}
		return a
	}}))
	state, err := checkpoint.Open[position](path, checkpoint.Logger(logger))
	if err != nil {
		fmt.Println(err)
		return
	}
	defer state.Close()
	if _, err := state.Load(); err != nil {
		fmt.Println("nothing to go on from")
	}
	// Output:
	// level=WARN msg="checkpoint is damaged" reason="not a checkpoint"
	// nothing to go on from
}

// Every error of this package names the file.
func ExampleError() {
	_, err := checkpoint.Open[position]("/no/such/folder/position")
	var e *checkpoint.Error
	if errors.As(err, &e) {
		fmt.Println(filepath.Base(e.Path), "in", filepath.Dir(e.Path))
		fmt.Println(e.Err)
	}
	// Output:
	// position in /no/such/folder
	// folder "/no/such/folder" does not exist
}

// temporary returns a path for a checkpoint, in a folder that remove removes.
func temporary() (path string, remove func()) {
	dir, err := os.MkdirTemp("", "example-")
	if err != nil {
		fmt.Println(err)
	}
	return filepath.Join(dir, "position"), func() { os.RemoveAll(dir) }
}

func save(path string, pos position) error {
	state, err := checkpoint.Open[position](path)
	if err != nil {
		return err
	}
	return errors.Join(state.Save(pos), state.Close())
}

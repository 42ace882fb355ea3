// Command in_tail is a typed input that follows files: each line that is appended becomes a record.
//
//	go run ./cmd/flbgo run --for 5s examples/in_tail
//
// It remembers how much of each file the engine has taken, and after a stop, a reload or a crash goes on from there, also
// with files that were rotated meanwhile: nothing is lost, and after a crash those lines come again that the engine had
// taken and the state on disk did not know of yet.
//
// What Fluent Bit itself has taken is in its memory, and lost if it is killed, unless the section has these two, with a
// storage.path in [SERVICE]; on a thread of its own an input hands over by way of memory, whatever the storage:
//
//	threaded      off
//	storage.type  filesystem
//
// Three files: this one has what Fluent Bit sees, files.go finds files and knows them again, follow.go reads them.
package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/fsnotify/fsnotify"

	"github.com/calyptia/plugin"
	"github.com/calyptia/plugin/checkpoint"
	"github.com/calyptia/plugin/config"
)

func init() { plugin.RegisterInput("go_tail", "Lines that are appended to files", &tail{}) }

func main() {}

type settings struct {
	Path         string        `flb:"path" validate:"required" desc:"File to follow, or a pattern for names in one folder: app.log* also finds what was renamed twice while nobody looked, but must not match copies that copytruncate makes"`
	Exclude      []string      `flb:"exclude" default:"*.gz,*.bz2,*.xz,*.zst" desc:"Patterns of names to leave out"`
	State        string        `flb:"state" validate:"required" desc:"File that remembers what was read, in a folder that exists; each section needs its own"`
	ReadFromHead bool          `flb:"read_from_head" default:"off" desc:"Read files from their beginning if nothing is remembered yet; later files always are"`
	MaxLine      config.Size   `flb:"max_line" default:"64K" validate:"min=16,max=16777216" desc:"Bytes of a line from which on the rest is cut off"`
	Lines        int           `flb:"lines" default:"1000" validate:"min=1" desc:"Most lines to send at a time"`
	PollInterval time.Duration `flb:"poll_interval" default:"1s" validate:"min=10ms" desc:"Time between two looks at all files, where the system does not tell of changes"`
	RotateWait   time.Duration `flb:"rotate_wait" default:"5s" validate:"min=0s" desc:"How long a file that was moved away or deleted must be quiet before it is closed"`
}

// Validate is called by the library once the properties are set.
func (s *settings) Validate() error {
	folder, name := filepath.Split(s.Path)
	if strings.ContainsAny(folder, "*?[") {
		return fmt.Errorf("path: %q has a pattern in its folder (want one in the name of the file)", s.Path)
	}
	for _, pattern := range append([]string{name}, s.Exclude...) {
		if _, err := filepath.Match(pattern, ""); err != nil {
			return fmt.Errorf("path or exclude: %q is not a pattern: %w", pattern, err)
		}
	}
	if filepath.Dir(s.Path) == filepath.Dir(s.State) && s.follows(filepath.Base(s.State)) {
		return fmt.Errorf("state: %q is among the files to follow", s.State)
	}
	return nil
}

// follows tells whether files of this name are to be followed.
func (s *settings) follows(name string) bool {
	matches := func(pattern string) bool { ok, _ := filepath.Match(pattern, name); return ok }
	return matches(filepath.Base(s.Path)) && !slices.ContainsFunc(s.Exclude, matches)
}

// line is the record.
type line struct {
	Log       string `json:"log"`
	File      string `json:"file"` // under the name that it was found by
	Truncated bool   `json:"truncated,omitempty"`
}

// state is what outlives a crash.
type state struct {
	Files []position `json:"files"` // older ones first
}

// tail is one [INPUT] section.
type tail struct {
	settings
	log   *slog.Logger
	saved *checkpoint.File[*state]
	files []*file           // older ones first: a file that was moved away is read before the one that took its name
	buf   []byte            // for a line and its newline
	known map[string]string // errors by path, so that each is logged once
}

// Init finds the files, and saves where in them it begins: it may be killed before it has sent a line.
func (t *tail) Init(_ context.Context, fbit *plugin.Instance[settings]) (err error) {
	t.settings, t.log = fbit.Conf, fbit.Logger
	t.buf, t.known = make([]byte, t.MaxLine+1), make(map[string]string)
	if t.saved, err = checkpoint.Open[*state](t.State, checkpoint.Logger(t.log)); err != nil {
		return err
	}
	if err = t.resume(); err == nil {
		err = t.saved.Save(t.state())
	}
	if err != nil {
		return errors.Join(err, t.Close(context.Background()))
	}
	return nil
}

func (t *tail) resume() error {
	last, err := t.saved.Load()
	switch {
	case errors.Is(err, checkpoint.ErrDamaged):
		t.log.Error("nothing is remembered, files are read from their beginning", "error", err)
		return t.look()
	case err != nil:
		return err
	case last != nil:
		t.reopen(last.Files)
		return t.look()
	}
	if err := t.look(); err != nil || t.ReadFromHead {
		return err
	}
	return t.skip()
}

func (t *tail) state() *state {
	s := new(state)
	for _, f := range t.files {
		s.Files = append(s.Files, f.position)
	}
	return s
}

// Collect reads all files whenever something happens in their folder. After an error, which the library logs, it is
// called again and goes on where it was.
func (t *tail) Collect(ctx context.Context, ch chan<- plugin.Event[[]line]) error {
	changes, err := t.watch()
	if err != nil {
		t.log.Warn("folder is not watched, only looked at", "every", t.PollInterval, "error", err)
		changes = new(fsnotify.Watcher) // its channels are nil
	} else {
		defer changes.Close()
	}
	poll := time.NewTicker(t.PollInterval)
	defer poll.Stop()
	for {
		if err := t.scan(ctx, ch); err != nil || ctx.Err() != nil {
			return err
		}
		select {
		case <-changes.Events:
			for range len(changes.Events) { // one scan will do for all
				<-changes.Events
			}
		case <-changes.Errors: // some events were lost
		case <-poll.C:
		case <-ctx.Done():
			return nil
		}
	}
}

func (t *tail) watch() (*fsnotify.Watcher, error) {
	w, err := fsnotify.NewBufferedWatcher(1000)
	if err != nil {
		return nil, err
	}
	if err := w.Add(filepath.Dir(t.Path)); err != nil {
		return nil, errors.Join(err, w.Close())
	}
	return w, nil
}

// send gives lines to the engine, and with them the state to save when it has taken them. No lines, only the state, is
// possible too.
func (t *tail) send(ctx context.Context, ch chan<- plugin.Event[[]line], lines []line) {
	select {
	case ch <- plugin.Event[[]line]{Time: time.Now(), Record: lines, Accepted: t.saved.After(t.state())}:
	case <-ctx.Done():
	}
}

// Close is called when Collect has ended and the engine has taken what it will.
func (t *tail) Close(context.Context) error {
	for _, f := range t.files {
		f.Close()
	}
	return t.saved.Close()
}

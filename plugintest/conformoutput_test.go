package plugintest

import (
	"bytes"
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/calyptia/plugin"
	"github.com/calyptia/plugin/record"
)

type rawBatch = *plugin.Batch[record.Raw]

// sink is an output that keeps all rules, unless one of its functions is set.
type sink struct {
	destination *destination
	init        func(p *sink) error
	flush       func(p *sink, ctx context.Context, batch rawBatch) error
	close       func(p *sink) error

	seen    map[string]bool // of one section
	kept    []record.Raw
	release <-chan struct{} // closed when a check is over, for what would never end
}

// destination is where sinks deliver to.
type destination struct {
	mu    sync.Mutex
	lines bytes.Buffer
}

func (d *destination) write(r record.Raw) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	line, err := r.AppendJSON(nil)
	d.lines.Write(append(line, '\n'))
	return err
}

func (d *destination) delivered() []byte { return d.lines.Bytes() }

func (p *sink) Init(context.Context, *plugin.Instance[struct{}]) error {
	p.seen = make(map[string]bool)
	if p.init != nil {
		return p.init(p)
	}
	return nil
}

func (p *sink) Flush(ctx context.Context, batch *plugin.Batch[record.Raw]) error {
	if p.flush != nil {
		return p.flush(p, ctx, batch)
	}
	return p.write(batch)
}

func (p *sink) write(batch rawBatch) error {
	for ev, err := range batch.Events() {
		if err != nil {
			return err
		}
		if err := p.destination.write(ev.Record); err != nil {
			return err
		}
	}
	return nil
}

func (p *sink) Close(context.Context) error {
	if p.close != nil {
		return p.close(p)
	}
	return nil
}

// brokenOutputs keep all rules but that of the check of that name.
var brokenOutputs = map[string][]func(p *sink){
	"Flush delivers a chunk": {
		func(p *sink) {
			p.flush = func(*sink, context.Context, rawBatch) error { return errors.New("no route to host") }
		},
		func(p *sink) { p.init = func(*sink) error { return errors.New("no route to host") } },
	},
	"Flush reads every form of event": {
		func(p *sink) {
			p.flush = func(p *sink, _ context.Context, batch rawBatch) error {
				for ev := range batch.Events() {
					if len(ev.Metadata) > 0 {
						return errors.New("metadata")
					}
				}
				return p.write(batch)
			}
		},
		func(p *sink) {
			p.flush = func(p *sink, _ context.Context, batch rawBatch) error {
				for ev := range batch.Events() {
					if ev.Group != nil {
						return plugin.Drop(errors.New("groups"))
					}
				}
				return p.write(batch)
			}
		},
	},
	"Flush delivers a chunk without events": {
		func(p *sink) {
			p.flush = func(p *sink, _ context.Context, batch rawBatch) error {
				var all []record.Raw
				for ev, err := range batch.Events() {
					if err != nil {
						return err
					}
					all = append(all, ev.Record)
				}
				return p.destination.write(all[0])
			}
		},
	},
	"Flush does not deliver a broken chunk": {
		func(p *sink) {
			p.flush = func(p *sink, _ context.Context, batch rawBatch) error {
				n := batch.Len()
				for ev, err := range batch.Events() {
					if n--; n <= 0 || err != nil {
						return err // without a look at what is behind the last event
					}
					_ = p.destination.write(ev.Record)
				}
				return nil
			}
		},
	},
	"Flush delivers a chunk that comes back": {
		func(p *sink) {
			var mu sync.Mutex
			p.flush = func(p *sink, _ context.Context, batch rawBatch) error {
				mu.Lock()
				defer mu.Unlock()
				lines, err := batch.AppendJSON([]byte(batch.Tag()), record.JSONFormat{TimeKey: "time"})
				if err == nil && batch.Tag() == testTag && batch.Len() == 3 && p.seen[string(lines)] {
					return errors.New("a duplicate")
				}
				p.seen[string(lines)] = true
				return errors.Join(err, p.write(batch))
			}
		},
	},
	"Flush delivers the events of a chunk that are left": {
		func(p *sink) {
			p.flush = func(p *sink, _ context.Context, batch rawBatch) error {
				all := make([]record.Raw, batch.Len())
				for ev, err := range batch.Events() {
					if err != nil {
						return err
					}
					all[ev.Index()] = ev.Record
				}
				for _, r := range all {
					if err := p.destination.write(r); err != nil {
						return err
					}
				}
				return nil
			}
		},
	},
	"Flush is called concurrently": {
		func(p *sink) {
			var mu sync.Mutex
			p.flush = func(p *sink, _ context.Context, batch rawBatch) error {
				if !mu.TryLock() {
					return errors.New("busy")
				}
				defer mu.Unlock()
				time.Sleep(time.Millisecond) // of virtual time
				return p.write(batch)
			}
		},
	},
	"Flush returns when its context ends": {
		func(p *sink) {
			p.flush = func(p *sink, ctx context.Context, batch rawBatch) error {
				if ctx.Err() != nil {
					<-p.release
				}
				return p.write(batch)
			}
		},
	},
	"the memory of a batch is not kept": {
		func(p *sink) {
			var mu sync.Mutex
			p.flush = func(p *sink, _ context.Context, batch rawBatch) error {
				mu.Lock()
				defer mu.Unlock()
				for ev, err := range batch.Events() {
					if err != nil {
						return err
					}
					p.kept = append(p.kept, ev.Record)
				}
				return nil
			}
			p.close = func(p *sink) error {
				for _, r := range p.kept {
					p.destination.lines.Write(r)
				}
				return nil
			}
		},
	},
	"sections do not know of each other": {
		func(p *sink) {
			closed := false
			p.close = func(*sink) error { closed = true; return nil }
			p.flush = func(p *sink, _ context.Context, batch rawBatch) error {
				if closed {
					return errors.New("closed")
				}
				return p.write(batch)
			}
		},
	},
	"Close returns in time": {
		func(p *sink) { p.close = func(p *sink) error { <-p.release; return nil } },
		func(p *sink) { p.close = func(*sink) error { return errors.New("disk full") } },
		func(p *sink) { p.close = func(*sink) error { panic("closed twice") } },
	},
	"goroutines end with the section": {
		func(p *sink) {
			p.flush = func(p *sink, _ context.Context, batch rawBatch) error {
				go func() { <-p.release }()
				return p.write(batch)
			}
		},
	},
}

func checksOfOutput(change func(*sink)) func(<-chan struct{}) []check {
	return func(release <-chan struct{}) []check {
		d := new(destination)
		p := &sink{destination: d, release: release}
		change(p)
		return outputChecks(p, Setup{Delivered: d.delivered})
	}
}

func TestGoodOutputPasses(t *testing.T) {
	t.Parallel()
	if failed, skipped := failing(t, checksOfOutput(func(*sink) {})); len(failed)+len(skipped) > 0 {
		t.Errorf("checks that fail, are skipped: %q, %q, want none", failed, skipped)
	}
}

func TestBrokenOutputs(t *testing.T) {
	t.Parallel()
	for _, c := range outputChecks(new(sink), Setup{}) {
		if c.name == misfitsCheck {
			continue // has a record type of its own
		}
		if len(brokenOutputs[c.name]) == 0 {
			t.Errorf("no output is broken on purpose for the check %q", c.name)
		}
		for _, change := range brokenOutputs[c.name] {
			t.Run(c.name, func(t *testing.T) {
				t.Parallel()
				failed, _ := failing(t, checksOfOutput(change))
				if diff := cmp.Diff([]string{c.name}, failed); diff != "" {
					t.Errorf("checks that fail (-want +got):\n%s", diff)
				}
			})
		}
	}
}

const misfitsCheck = "Flush does not panic at events that do not fit"

// strict is an output of typed records, which may not fit.
type strict struct{ careless bool }

type visit struct {
	User *struct {
		Name string `json:"name"`
	} `json:"user"`
	Path string `json:"path"`
}

func (p *strict) Init(context.Context, *plugin.Instance[struct{}]) error { return nil }

func (p *strict) Flush(_ context.Context, batch *plugin.Batch[*visit]) error {
	for ev, err := range batch.Events() {
		if err != nil && (!p.careless || ev.Time.IsZero()) {
			return err
		}
		_ = ev.Record.Path
	}
	return nil
}

func TestMisfits(t *testing.T) {
	t.Parallel()
	for careless, want := range map[bool][]string{false: nil, true: {misfitsCheck}} {
		failed, _ := failing(t, func(<-chan struct{}) []check {
			return outputChecks(&strict{careless}, Setup{})
		})
		if diff := cmp.Diff(want, failed); diff != "" {
			t.Errorf("checks that fail with careless %t (-want +got):\n%s", careless, diff)
		}
	}
}

func TestSectionsWithoutEventsAreSkipped(t *testing.T) {
	t.Parallel()
	_, skipped := failing(t, checksOfInput(func(p *ticker) {
		p.collect = func(_ *ticker, ctx context.Context, _ rows) error { <-ctx.Done(); return nil }
	}))
	if len(skipped) != 5 {
		t.Errorf("skipped %q, want the 5 that need events", skipped)
	}
}

// The door for authors, in both of its ways.
func TestConformance(t *testing.T) {
	t.Parallel()
	for _, virtual := range []bool{true, false} {
		d := new(destination)
		OutputConformance(t, &sink{destination: d}, Setup{Virtual: virtual, Delivered: d.delivered})
	}
	InputConformance(t, &ticker{}, Setup{Virtual: true})
}

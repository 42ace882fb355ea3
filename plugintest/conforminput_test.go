package plugintest

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/calyptia/plugin"
)

type row struct {
	N    int               `json:"n"`
	Tags map[string]string `json:"tags"`
}

type rows = chan<- plugin.Event[row]

// ticker is an input that keeps all rules, unless one of its functions is set.
type ticker struct {
	init    func(p *ticker) error
	collect func(p *ticker, ctx context.Context, ch rows) error
	close   func() error
	paused  func(bool)

	once    *sync.Once      // of one section
	release <-chan struct{} // closed when a check is over, for what would never end
}

func (p *ticker) Init(context.Context, *plugin.Instance[struct{}]) error {
	p.once = new(sync.Once)
	if p.init != nil {
		return p.init(p)
	}
	return nil
}

func (p *ticker) Collect(ctx context.Context, ch chan<- plugin.Event[row]) error {
	if p.collect != nil {
		return p.collect(p, ctx, ch)
	}
	return tick(ctx, ch)
}

// tick sends an event a second.
func tick(ctx context.Context, ch rows) error {
	for n := 0; ; n++ {
		if !send(ctx, ch, plugin.Event[row]{Record: row{n, map[string]string{"k": "v"}}}) {
			return nil
		}
	}
}

func send(ctx context.Context, ch rows, ev plugin.Event[row]) bool {
	select {
	case ch <- ev:
	case <-ctx.Done():
		return false
	}
	select {
	case <-time.After(time.Second):
		return true
	case <-ctx.Done():
		return false
	}
}

func (p *ticker) Close(context.Context) error {
	if p.close != nil {
		return p.close()
	}
	return nil
}

func (p *ticker) Paused(paused bool) {
	if p.paused != nil {
		p.paused(paused)
	}
}

const leftAloneCheck = "events that were sent are left alone"

var raceDetector bool

// brokenInputs keep all rules but that of the check of that name.
var brokenInputs = map[string][]func(p *ticker){
	"Init accepts a good configuration": {
		func(p *ticker) { p.init = func(*ticker) error { return errors.New("no route to host") } },
	},
	"Collect returns when its context ends": {
		func(p *ticker) {
			p.collect = func(p *ticker, ctx context.Context, ch rows) error {
				err := tick(ctx, ch)
				<-p.release
				return err
			}
		},
		func(p *ticker) { // only in a pause
			var pause atomic.Bool
			p.paused = pause.Store
			p.collect = func(p *ticker, ctx context.Context, ch rows) error {
				err := tick(ctx, ch)
				if pause.Load() {
					<-p.release
				}
				return err
			}
		},
	},
	"Collect can be called again after an error": {
		func(p *ticker) {
			var opened chan struct{}
			p.init = func(*ticker) error { opened = make(chan struct{}); return nil }
			p.collect = func(_ *ticker, ctx context.Context, ch rows) error {
				defer close(opened)
				return tick(ctx, ch)
			}
		},
		func(p *ticker) {
			p.collect = func(p *ticker, ctx context.Context, ch rows) (err error) {
				p.once.Do(func() { err = tick(ctx, ch) })
				return err
			}
		},
	},
	"events can be encoded": {
		func(p *ticker) {
			p.collect = func(_ *ticker, ctx context.Context, ch rows) error {
				send(ctx, ch, plugin.Event[row]{Time: time.Unix(-1, 0)})
				return tick(ctx, ch)
			}
		},
	},
	leftAloneCheck: {
		func(p *ticker) {
			p.collect = func(_ *ticker, ctx context.Context, ch rows) error {
				reused := make(map[string]string)
				for more := true; more; {
					reused["now"] = time.Now().String()
					more = send(ctx, ch, plugin.Event[row]{Record: row{Tags: reused}})
				}
				return nil
			}
		},
	},
	"sections do not know of each other": {
		func(p *ticker) {
			exited := make(chan struct{})
			var once sync.Once
			p.close = func() error { once.Do(func() { close(exited) }); return nil }
			p.collect = func(_ *ticker, ctx context.Context, ch rows) error {
				ctx, cancel := context.WithCancel(ctx)
				defer cancel()
				go func() {
					select {
					case <-exited:
						cancel()
					case <-ctx.Done():
					}
				}()
				return tick(ctx, ch)
			}
		},
	},
	"Collect goes on after a pause": {
		func(p *ticker) {
			p.collect = func(_ *ticker, ctx context.Context, ch rows) error {
				impatient, cancel := context.WithCancel(ctx)
				defer cancel()
				for more := true; more; {
					giveUp := time.AfterFunc(time.Minute, cancel)
					more = send(impatient, ch, plugin.Event[row]{})
					giveUp.Stop()
				}
				return nil
			}
		},
	},
	"Paused returns at once": {
		func(p *ticker) { p.paused = slowlyTold(true) },
		func(p *ticker) { p.paused = slowlyTold(false) },
	},
	"Close returns in time": {
		func(p *ticker) { p.close = func() error { <-p.release; return nil } },
		func(p *ticker) { p.close = func() error { return errors.New("disk full") } },
		func(p *ticker) { p.close = func() error { panic("closed twice") } },
	},
	"goroutines end with the section": {
		func(p *ticker) { p.init = func(p *ticker) error { go func() { <-p.release }(); return nil } },
	},
}

func slowlyTold(of bool) func(bool) {
	return func(paused bool) {
		if paused == of {
			time.Sleep(4 * time.Second) // of virtual time
		}
	}
}

// failing returns the names of the checks that fail and of those that are skipped, run as runChecks does.
func failing(t *testing.T, checks func(release <-chan struct{}) []check) (failed, skipped []string) {
	t.Helper()
	for i := range checks(nil) {
		synctest.Test(t, func(t *testing.T) {
			release := make(chan struct{})
			c := checks(release)[i]
			r := recorded(t, c.run)
			close(release)
			t.Logf("%s: %s", c.name, r.text())
			if r.failed {
				failed = append(failed, c.name)
			}
			if r.skipped {
				skipped = append(skipped, c.name)
			}
		})
		if i == 0 && len(failed) > 0 {
			break
		}
	}
	return failed, skipped
}

func checksOfInput(change func(*ticker)) func(<-chan struct{}) []check {
	return func(release <-chan struct{}) []check {
		p := &ticker{release: release}
		change(p)
		return inputChecks(p, Setup{})
	}
}

func TestGoodInputPasses(t *testing.T) {
	t.Parallel()
	if failed, skipped := failing(t, checksOfInput(func(*ticker) {})); len(failed)+len(skipped) > 0 {
		t.Errorf("checks that fail, are skipped: %q, %q, want none", failed, skipped)
	}
}

func TestBrokenInputs(t *testing.T) {
	t.Parallel()
	for _, c := range inputChecks(new(ticker), Setup{}) {
		if len(brokenInputs[c.name]) == 0 && !raceDetector {
			t.Errorf("no input is broken on purpose for the check %q", c.name)
		}
		for _, change := range brokenInputs[c.name] {
			t.Run(c.name, func(t *testing.T) {
				t.Parallel()
				failed, _ := failing(t, checksOfInput(change))
				if diff := cmp.Diff([]string{c.name}, failed); diff != "" {
					t.Errorf("checks that fail (-want +got):\n%s", diff)
				}
			})
		}
	}
}

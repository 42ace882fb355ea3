// Command in_broken is an input that breaks the rule it is told to, and keeps all others.
package main

/*
#cgo LDFLAGS: -ldl
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stddef.h>

// append_to_nothing calls the engine with an instance that is none.
static void append_to_nothing(void) {
    static char none[64];
    int (*append)(void *, const char *, size_t, const void *, size_t);
    *(void **)&append = dlsym(RTLD_DEFAULT, "flb_input_log_append");
    append(none, NULL, 0, "", 0);
}
*/
import "C"

import (
	"context"
	"errors"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"github.com/calyptia/plugin"
)

func init() { plugin.RegisterInput("broken", "Breaks a rule", &input{}) }

func main() {}

type settings struct {
	Breaks string `flb:"breaks" desc:"What it does that no input may"`
}

// What all sections of the process share.
var (
	made, open atomic.Int32
	exit       = make(chan struct{}) // closed when one has exited
	exited     sync.Once
)

type input struct {
	breaks string
	number int32
	paused chan struct{}
}

func (in *input) Init(_ context.Context, fbit *plugin.Instance[settings]) error {
	in.breaks = fbit.Conf.Breaks
	if in.breaks == "init" {
		return errors.New("no route to host")
	}
	in.paused = make(chan struct{}, 1)
	in.number = made.Add(1)
	open.Add(1)
	return nil
}

func (in *input) Collect(ctx context.Context, ch chan<- plugin.Event[map[string]int]) error {
	if in.breaks == "time" {
		ch <- plugin.Event[map[string]int]{Time: time.Unix(-1, 0), Record: map[string]int{"n": 0}}
	}
	var stop <-chan struct{}
	switch in.breaks {
	case "others":
		stop = exit
	case "pause":
		stop = in.paused
	}
	start := time.Now()
	for n := 0; ; n++ {
		select {
		case <-stop:
			return nil
		default:
		}
		select {
		case ch <- plugin.Event[map[string]int]{Record: map[string]int{"n": n}}:
			<-time.After(time.Millisecond)
		case <-stop:
			return nil
		case <-ctx.Done():
			if in.breaks == "context" && in.number == 1 && len(in.paused) == 0 && time.Since(start) > 5*time.Millisecond {
				// In few sections, since each costs five seconds.
				select {}
			}
			return nil
		}
	}
}

func (in *input) Paused(paused bool) {
	if paused {
		select {
		case in.paused <- struct{}{}:
		default:
		}
	}
	if in.breaks == "paused" && paused || in.breaks == "resumed" && !paused {
		<-time.After(1200 * time.Millisecond)
	}
}

func (in *input) Close(context.Context) error {
	exited.Do(func() { close(exit) })
	last := open.Add(-1) == 0
	switch {
	case in.breaks == "close":
		return errors.New("disk full")
	case in.breaks == "close, with a panic":
		panic("closed twice")
	case in.breaks == "memory" && in.number == 1:
		C.append_to_nothing()
	case in.breaks == "process" && last && made.Load() > 2:
		os.Exit(3)
	}
	return nil
}

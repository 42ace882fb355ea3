// Package kit_test is the code of docs/testing.md.
package kit_test

import (
	"context"
	"errors"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/calyptia/plugin"
	"github.com/calyptia/plugin/plugintest"
)

type thermometerConfig struct {
	Interval time.Duration `flb:"interval" default:"10s" validate:"min=1s" desc:"Time between readings"`
	Room     string        `flb:"room" validate:"required" desc:"Where it hangs"`
}

type reading struct {
	Room    string  `json:"room"`
	Celsius float64 `json:"celsius"`
}

// thermometer reads from something that a test can take the place of.
type thermometer struct {
	read func() (float64, error)
	conf thermometerConfig
}

func (th *thermometer) Init(_ context.Context, fbit *plugin.Instance[thermometerConfig]) error {
	th.conf = fbit.Conf
	return nil
}

func (th *thermometer) Collect(ctx context.Context, ch chan<- plugin.Event[reading]) error {
	tick := time.NewTicker(th.conf.Interval)
	defer tick.Stop()
	for {
		celsius, err := th.read()
		if err != nil {
			return err
		}
		select {
		case ch <- plugin.Event[reading]{Record: reading{th.conf.Room, celsius}}:
		case <-ctx.Done():
			return nil
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return nil
		}
	}
}

// warming returns a room that is half a degree warmer at every look.
func warming() func() (float64, error) {
	celsius := 19.5
	return func() (float64, error) {
		celsius += 0.5
		return celsius, nil
	}
}

func TestReadings(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		in := plugintest.Input(t, &thermometer{read: warming()}, plugintest.Properties{"room": "hall", "interval": "1m"})
		in.Run(150 * time.Second) // at once in virtual time
		got := plugintest.Records[reading](in)
		if want := []reading{{"hall", 20}, {"hall", 20.5}, {"hall", 21}}; !slices.Equal(got, want) {
			t.Errorf("records = %v, want %v", got, want)
		}
	})
}

func TestTimes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		in := plugintest.Input(t, &thermometer{read: warming()}, plugintest.YAML(`
pipeline:
  inputs:
    - name: thermometer
      tag: house
      room: hall
`))
		in.WaitFor(2)
		last := plugintest.Events[map[string]any](in)[1]
		if took := last.Time.Sub(start); took != 10*time.Second || last.Tag != "house" {
			t.Errorf("second event after %v with tag %q, want 10s, house", took, last.Tag)
		}
	})
}

func TestProblems(t *testing.T) {
	err := plugintest.InputError(t, &thermometer{}, plugintest.Classic(`
[INPUT]
    Name      thermometer
    Interval  10ms
`))
	want := "plugin: input \"thermometer.0\": config: 2 problems\n" +
		"\tinterval: \"10ms\" is too short (want at least 1s)\n" +
		"\troom: required, not set"
	if diff := cmp.Diff(want, err.Error()); diff != "" {
		t.Errorf("Init() (-want +got):\n%s", diff)
	}
}

func TestSourceFails(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		broken := true
		in := plugintest.Input(t, &thermometer{read: func() (float64, error) {
			if broken {
				broken = false
				return 0, errors.New("no answer")
			}
			return 20, nil
		}}, plugintest.Properties{"room": "hall"})
		in.WaitFor(1) // Collect is called again after a second
		if !in.Logged("no answer") || in.Metric("go_input_collect_restarts_total") != 1 {
			t.Errorf("log = %q, metrics = %v, want the error and a restart", in.Log(), in.Metrics())
		}
	})
}

func TestPause(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		in := plugintest.Input(t, &thermometer{read: warming()}, plugintest.Properties{"room": "hall"})
		in.Collect()
		in.Pause() // memory limit: sends block
		in.Run(time.Minute)
		if got := len(plugintest.Records[reading](in)); got != 1 {
			t.Errorf("records in a pause of a minute = %d, want the one before", got)
		}
		in.Resume()
		in.Run(time.Minute)
		if got := len(plugintest.Records[reading](in)); got < 6 {
			t.Errorf("records a minute later = %d, want 6 or more", got)
		}
	})
}

func TestRingBufferFull(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		in := plugintest.Input(t, &thermometer{read: warming()}, plugintest.Properties{"room": "hall"})
		in.Refuse(3) // the library keeps what is refused, and gives it again
		in.Run(15 * time.Second)
		in.Reload() // Exit, and a new section with the same configuration
		in.Collect()
		if got := len(plugintest.Records[reading](in)); got != 3 {
			t.Errorf("records = %d, want 2 of the first section and 1 of the second", got)
		}
	})
}

func TestInRealTime(t *testing.T) {
	in := plugintest.Input(t, &thermometer{read: warming()}, plugintest.Properties{"room": "hall"})
	in.WaitFor(1) // or the test fails after ten seconds
}

func TestThermometerConformance(t *testing.T) {
	plugintest.InputConformance(t, &thermometer{read: func() (float64, error) { return 20, nil }}, plugintest.Setup{
		Conf:    plugintest.Properties{"room": "hall"},
		Virtual: true, // it waits for time and channels alone
	})
}

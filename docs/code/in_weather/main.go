// Command in_weather is an input plugin for Fluent Bit: it reads a thermometer from time to time.
package main

import (
	"context"
	"math"
	"time"

	"github.com/calyptia/plugin"
)

func init() { plugin.RegisterInput("weather", "Reads a thermometer from time to time", &input{}) }

func main() {} // Fluent Bit loads the library and does not call it

// config is the properties of an [INPUT] section.
type config struct {
	Interval time.Duration `flb:"interval" default:"1s" validate:"min=10ms" desc:"Time between records"`
	Station  string        `flb:"station" validate:"required" desc:"Where the thermometer is"`
	Unit     string        `flb:"unit" default:"celsius" validate:"oneof=celsius fahrenheit" desc:"Unit of temperatures"`
}

// reading is a record.
type reading struct {
	Station     string  `json:"station"`
	Temperature float64 `json:"temperature"`
	Unit        string  `json:"unit"`
}

// input is one [INPUT] section.
type input struct{ conf config }

// Init is called once, before Collect. An error keeps Fluent Bit from starting.
func (in *input) Init(_ context.Context, fbit *plugin.Instance[config]) error {
	in.conf = fbit.Conf
	fbit.Logger.Info("thermometer found", "station", in.conf.Station)
	return nil
}

// Collect sends events until ctx is done. It is called once. A send waits while the engine has enough.
func (in *input) Collect(ctx context.Context, ch chan<- plugin.Event[reading]) error {
	tick := time.NewTicker(in.conf.Interval)
	defer tick.Stop()
	for {
		now := time.Now()
		select {
		case ch <- plugin.Event[reading]{Time: now, Record: in.read(now)}:
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

// read stands for a thermometer: 10 degrees Celsius at midnight, 20 at noon.
func (in *input) read(now time.Time) reading {
	hours := now.UTC().Sub(now.UTC().Truncate(24 * time.Hour)).Hours()
	degrees := 15 - 5*math.Cos(hours*math.Pi/12)
	if in.conf.Unit == "fahrenheit" {
		degrees = degrees*9/5 + 32
	}
	return reading{in.conf.Station, math.Round(degrees*10) / 10, in.conf.Unit}
}

package main

import (
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/calyptia/plugin/plugintest"
)

func TestCollect(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) { // where it is midnight
		in := plugintest.Input(t, &input{}, plugintest.Properties{"interval": "12h", "station": "roof", "unit": "fahrenheit"})
		in.Run(13 * time.Hour) // of virtual time
		got := plugintest.Records[reading](in)
		if want := []reading{{"roof", 50, "fahrenheit"}, {"roof", 68, "fahrenheit"}}; !slices.Equal(got, want) {
			t.Errorf("records = %v, want %v", got, want)
		}
		if !in.Logged("thermometer found station=roof") {
			t.Errorf("log = %q, want the station", in.Log())
		}
	})
}

func TestProblems(t *testing.T) {
	t.Parallel()
	err := plugintest.InputError(t, &input{}, plugintest.Properties{"interval": "1ms", "unit": "kelvin"})
	want := "plugin: input \"weather.0\": config: 3 problems\n" +
		"\tinterval: \"1ms\" is too short (want at least 10ms)\n" +
		"\tstation: required, not set\n" +
		"\tunit: \"kelvin\" is not one of celsius, fahrenheit"
	if err.Error() != want {
		t.Errorf("Init() = %v, want %s", err, want)
	}
}

// Checks of the rules that plugin.InputPlugin has. Virtual is for inputs that wait for time and channels alone; leave it
// out once yours reads from files or a network.
func TestConformance(t *testing.T) {
	t.Parallel()
	plugintest.InputConformance(t, &input{}, plugintest.Setup{Conf: plugintest.Properties{"station": "roof"}, Virtual: true})
}

// The same checks of the shared library, as Fluent Bit loads it. It is built for that.
func TestLibraryConformance(t *testing.T) {
	t.Parallel()
	plugintest.LibraryConformance(t, plugintest.Build(t, "."), plugintest.Setup{Conf: plugintest.Properties{"station": "roof"}})
}

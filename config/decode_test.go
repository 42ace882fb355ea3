package config_test

import (
	"math"
	"testing"
	"time"

	"github.com/calyptia/plugin/config"
)

func TestParseSize(t *testing.T) {
	t.Parallel()
	tests := []struct {
		text string
		want config.Size
		str  string
	}{
		{"0", 0, "0"},
		{"512", 512, "512"},
		{"1k", 1000, "1K"},
		{"1Kb", 1000, "1K"},
		{"1024", 1024, "1024"},
		{"1.5M", 1_500_000, "1500K"},
		{"4MB", 4_000_000, "4M"},
		{"2g", 2_000_000_000, "2G"},
		{"2GB", 2_000_000_000, "2G"},
		{"0G", 0, "0"},
		{"1.9", 1, "1"},
		{"False", 0, "0"},
		{"9223372036854775807", math.MaxInt64, "9223372036854775807"},
		{"9223372036G", 9_223_372_036_000_000_000, "9223372036G"},
	}
	for _, tt := range tests {
		got, err := config.ParseSize(tt.text)
		if err != nil || got != tt.want || got.String() != tt.str {
			t.Errorf("ParseSize(%q) = %v, %v, want %d, printed as %s", tt.text, got, err, tt.want, tt.str)
		}
	}
}

func TestParseErrors(t *testing.T) {
	t.Parallel()
	size := func(s string) error { _, err := config.ParseSize(s); return err }
	duration := func(s string) error { _, err := config.ParseDuration(s); return err }
	boolean := func(s string) error { _, err := config.ParseBool(s); return err }
	const (
		notSize     = " is not a size in bytes (want 512, 64K, 4M or 1G)"
		tooLarge    = " is out of range (want less than 2^63 bytes)"
		notDuration = " is not a duration (want 500ms, 10s, 1m or a number of seconds)"
		notBool     = " is not a boolean (want on or off)"
	)
	tests := []struct {
		name  string
		parse func(string) error
		want  string
		texts []string
	}{
		{"size", size, notSize, []string{"", "K", "-1", "+1", "1 K", "10B", "1KiB", "1T", "1e3", "0x10", "1.", ".5", "1..2", "inf", "true", "1KK"}},
		{"size range", size, tooLarge, []string{"9223372036854775808", "9223372037G", "9223372036.9G", "1" + "00000000000000000000.5"}},
		{"duration", duration, notDuration, []string{"", "s", "1d", "5m30", "1 s", "-", ".", "1e3", "inf", "9223372037", "5 parsecs"}},
		{"bool", boolean, notBool, []string{"", "y", "t", "enabled", "2", "00", " on"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			for _, text := range tt.texts {
				want := `config: "` + text + `"` + tt.want
				if err := tt.parse(text); err == nil || err.Error() != want {
					t.Errorf("Parse(%q) = %v, want %s", text, err, want)
				}
			}
		})
	}
}

func TestParseDuration(t *testing.T) {
	t.Parallel()
	tests := map[string]time.Duration{
		"10": 10 * time.Second, "0.25": 250 * time.Millisecond, "1.": time.Second, ".5": 500 * time.Millisecond, "0": 0,
		"500ms": 500 * time.Millisecond, "1h30m": 90 * time.Minute, "-5": -5 * time.Second, "0.000000001": 1,
	}
	for text, want := range tests {
		if got, err := config.ParseDuration(text); err != nil || got != want {
			t.Errorf("ParseDuration(%q) = %v, %v, want %v", text, got, err, want)
		}
	}
}

func TestParseBool(t *testing.T) {
	t.Parallel()
	for want, texts := range map[bool][]string{
		true:  {"on", "On", "ON", "true", "TRUE", "yes", "Yes", "1"},
		false: {"off", "Off", "false", "False", "no", "NO", "0"},
	} {
		for _, text := range texts {
			if got, err := config.ParseBool(text); err != nil || got != want {
				t.Errorf("ParseBool(%q) = %v, %v, want %v", text, got, err, want)
			}
		}
	}
}

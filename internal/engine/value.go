package engine

import (
	"fmt"
	"log/slog"
	"math"
	"strconv"
	"strings"
	"time"
)

// levelTrace and levelOff are the log levels of Fluent Bit that slog has no name for.
const (
	levelTrace = slog.LevelDebug - 4
	levelOff   = slog.LevelError + 4
)

func parseLevel(text string) (slog.Level, error) {
	switch strings.ToLower(text) {
	case "off":
		return levelOff, nil
	case "error":
		return slog.LevelError, nil
	case "warn", "warning":
		return slog.LevelWarn, nil
	case "info":
		return slog.LevelInfo, nil
	case "debug":
		return slog.LevelDebug, nil
	case "trace":
		return levelTrace, nil
	}
	return 0, fmt.Errorf("%q is not a log level (want off, error, warn, info, debug or trace)", text)
}

func parseBool(text string) (bool, error) {
	switch strings.ToLower(text) {
	case "true", "on", "yes":
		return true, nil
	case "false", "off", "no":
		return false, nil
	}
	return false, fmt.Errorf("%q is neither on nor off", text)
}

func parseCount(text string) (int, error) {
	n, err := strconv.Atoi(text)
	if err != nil || n < 0 {
		return 0, fmt.Errorf("%q is not a whole number of 0 or more", text)
	}
	return n, nil
}

// parseSeconds reads a number of seconds and multiplies it with what a second is for the engine. The least is 1 ms.
func parseSeconds(text string, second time.Duration) (time.Duration, error) {
	n, err := strconv.ParseFloat(text, 64)
	if err != nil || n <= 0 || n > math.MaxInt32 {
		return 0, fmt.Errorf("%q is not a number of seconds above 0", text)
	}
	return max(time.Duration(n*float64(second)), time.Millisecond), nil
}

var sizeUnits = []struct {
	suffix string
	bytes  float64
}{{"K", 1e3}, {"M", 1e6}, {"G", 1e9}, {"", 1}}

// parseSize reads a size as flb_utils_size_to_bytes does: units are powers of 1000, with or without a B; false is 0.
func parseSize(text string) (int, error) {
	upper := strings.ToUpper(text)
	if upper == "FALSE" {
		return 0, nil
	}
	for _, u := range sizeUnits {
		digits, ok := strings.CutSuffix(strings.TrimSuffix(upper, "B"), u.suffix)
		if !ok {
			continue
		}
		if n, err := strconv.ParseFloat(strings.TrimSpace(digits), 64); err == nil && n >= 0 && n*u.bytes <= math.MaxInt64/2 {
			return int(n * u.bytes), nil
		}
		break
	}
	return 0, fmt.Errorf("%q is not a size (want bytes, or a number with K, M or G)", text)
}

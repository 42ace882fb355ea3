package engine

import (
	"errors"
	"fmt"
	"log/slog"
	"strconv"
	"strings"
	"time"

	"github.com/calyptia/plugin/internal/engine/conffile"
)

// service is what [SERVICE] asks for.
type service struct {
	second    time.Duration // what the engine takes for a second
	flush     time.Duration
	grace     time.Duration // real time, negative for as long as it takes
	level     slog.Level
	base, cap int // seconds of the back-off before a retry
	hotReload bool
}

// serviceKeys are the properties of [SERVICE] that mean something here.
var serviceKeys = map[string]func(*service, string) error{
	"flush": func(s *service, text string) (err error) {
		s.flush, err = parseSeconds(text, s.second)
		return err
	},
	"grace": func(s *service, text string) error {
		n, err := strconv.Atoi(text)
		if err != nil {
			return fmt.Errorf("%q is not a number of seconds", text)
		}
		s.grace = time.Duration(n) * time.Second
		return nil
	},
	"log_level":      func(s *service, text string) (err error) { s.level, err = parseLevel(text); return err },
	"scheduler.base": func(s *service, text string) (err error) { s.base, err = parseCount(text); return err },
	"scheduler.cap":  func(s *service, text string) (err error) { s.cap, err = parseCount(text); return err },
	"hot_reload":     func(s *service, text string) (err error) { s.hotReload, err = parseBool(text); return err },
	"daemon": func(_ *service, text string) error {
		if on, err := parseBool(text); on || err != nil {
			return errors.New("the embedded engine does not run as a daemon (want off)")
		}
		return nil
	},
	"plugins_file": func(*service, string) error { return nil }, // conffile has read it
}

// newService reads the section. Of a property given twice the last one counts, as it does for the engine. ignored is
// called with each that has no meaning here.
func newService(s conffile.Section, second time.Duration, ignored func(conffile.Property)) (*service, error) {
	svc := &service{
		second: second, flush: second, grace: 5 * time.Second, level: slog.LevelInfo,
		base: 5, cap: 2000, // flb_scheduler.h
	}
	for _, p := range s.Properties {
		set, ok := serviceKeys[strings.ToLower(p.Key)]
		if !ok {
			ignored(p)
			continue
		}
		if err := set(svc, p.Value); p.Value != "" && err != nil {
			return nil, fmt.Errorf("%s:%d: service: %s: %w", p.File, p.Line, p.Key, err)
		}
	}
	if svc.base > svc.cap || svc.base == 0 {
		return nil, fmt.Errorf("%s:%d: service: scheduler.base: %d is not between 1 and scheduler.cap (%d)",
			s.File, s.Line, svc.base, svc.cap)
	}
	return svc, nil
}

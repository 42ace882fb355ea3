package config_test

import (
	"errors"
	"fmt"
	"time"

	"github.com/calyptia/plugin/config"
)

var errHoliday = errors.New("shops are closed")

// window is a struct with a rule of its own.
type window struct {
	From time.Duration `flb:"from" default:"0"`
	To   time.Duration `flb:"to" validate:"required"`
}

// Validate is called when every property is right.
func (w *window) Validate() error {
	switch {
	case w.To <= w.From:
		return fmt.Errorf("to: %v is not after from (%v)", w.To, w.From)
	case w.To > 24*time.Hour:
		return fmt.Errorf("to: %w", errHoliday)
	}
	return nil
}

func ExampleBind_validate() {
	_, err := config.Bind[window](config.Properties{"from": "9h", "to": "8h"})
	fmt.Println(err)
	// Output: config: to: 8h0m0s is not after from (9h0m0s)
}

// What a Validate method returns is found behind the error.
func ExampleError() {
	_, err := config.Bind[window](config.Properties{"to": "30h"})
	fmt.Println(errors.Is(err, errHoliday))
	var e *config.Error
	if errors.As(err, &e) {
		fmt.Println(len(e.Problems), e)
	}
	// Output:
	// true
	// 1 config: to: shops are closed
}

// A problem has what an editor needs to show it in its place.
func ExampleProblem() {
	_, err := config.Bind[kafka](config.Properties{"brokers": "localhost", "limit": "much"})
	var e *config.Error
	if !errors.As(err, &e) {
		return
	}
	for _, p := range e.Problems {
		fmt.Printf("%s = %s: %s\n", p.Property, p.Value, p.Text)
	}
	// Output:
	// brokers = localhost: item "localhost" is not a host and port (want host:9092)
	// limit = much: "much" is not a size in bytes (want 512, 64K, 4M or 1G)
}

// Exactly one of two properties, and a third that goes with the first.
func ExampleBind_groups() {
	type Config struct {
		Token    config.Secret `flb:"token" validate:"required_without=User,excluded_with=User"`
		User     string        `flb:"user"`
		Password config.Secret `flb:"password" validate:"required_with=User"`
	}
	_, err := config.Bind[Config](config.Properties{"user": "ops", "token": "t0k3n"})
	fmt.Println(err)
	// Output:
	// config: 2 problems
	// 	token: *** is not allowed when user is set
	// 	password: required when user is set
}

// A token need not be in the file of the section.
func ExampleBind_file() {
	type Config struct {
		Token config.Secret `flb:"token,file"`
		Rules struct {
			Keep []string `json:"keep"`
		} `flb:"rules,json"`
	}
	conf, err := config.Bind[Config](config.Properties{
		"token": "inline: correct horse", // or a path: /run/secrets/token
		"rules": `{"keep": ["log", "level"]}`,
	})
	fmt.Println(conf.Token.Reveal(), conf.Rules.Keep, err)
	// Output: correct horse [log level] <nil>
}

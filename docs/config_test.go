package docs_test

import (
	"errors"
	"fmt"
	"net/url"
	"time"

	"github.com/calyptia/plugin/config"
)

type settings struct {
	Brokers []string          `flb:"brokers" validate:"required,dive,hostname_port" desc:"host:port, comma separated"`
	Topic   string            `flb:"topic" default:"logs" desc:"Where records go"`
	Acks    string            `flb:"acks" default:"leader" validate:"oneof=none leader all" desc:"Who confirms"`
	Timeout time.Duration     `flb:"timeout" default:"10s" validate:"min=100ms" desc:"Per request"`
	Limit   config.Size       `flb:"limit" default:"4M" validate:"min=1000" desc:"Bytes per request"`
	Labels  map[string]string `flb:"labels" desc:"k=v,k=v added to every record"`
	Proxy   *url.URL          `flb:"proxy" desc:"Proxy to connect through"`
	Retries *int              `flb:"retries" desc:"Tries of a request; the client's own number if not set"`
	Auth    auth              `flb:"auth_"`
}

type auth struct {
	User     string        `flb:"user" validate:"required_with=Password" desc:"Name to log in with"`
	Password config.Secret `flb:"password" validate:"required_with=User" desc:"Its password"`
	Token    config.Secret `flb:"token,file" validate:"excluded_with=User" desc:"File with a token"`
}

// Validate is called once all properties are right by themselves.
func (s *settings) Validate() error {
	if s.Acks == "all" && s.Timeout < time.Second {
		return errors.New("timeout: too short for acks all (want 1s or more)")
	}
	return nil
}

func Example_settings() {
	conf, err := config.Bind[settings](config.Properties{
		"brokers": "a:9092, b:9092",
		"limit":   "1.5M",
		"timeout": "2", // seconds
		"labels":  "env=prod, zone=eu",
		"retries": "0",
	})
	fmt.Println(conf.Brokers, conf.Topic, int64(conf.Limit), conf.Timeout, conf.Labels["zone"], *conf.Retries, err)
	// Output: [a:9092 b:9092] logs 1500000 2s eu 0 <nil>
}

func Example_problems() {
	_, err := config.Bind[settings](config.Properties{
		"brokers":   "a",
		"acks":      "most",
		"timeout":   "5 parsecs",
		"auth_user": "joe",
	})
	fmt.Println(err)
	// Output:
	// config: 4 problems
	// 	brokers: item "a" is not a host and port (want host:9092)
	// 	acks: "most" is not one of none, leader, all
	// 	timeout: "5 parsecs" is not a duration (want 500ms, 10s, 1m or a number of seconds)
	// 	auth_password: required when auth_user is set
}

func Example_between() {
	_, err := config.Bind[settings](config.Properties{"brokers": "a:9092", "acks": "all", "timeout": "200ms"})
	fmt.Println(err)
	// Output: config: timeout: too short for acks all (want 1s or more)
}

// A misspelt struct tag is found when Fluent Bit loads the library.
func Example_misspelt() {
	type C struct {
		Wait string `flb:"wait,secrt" default:"5s"`
	}
	_, err := config.Describe[C]()
	fmt.Println(err)
	// Output: config: struct tag on C.Wait: unknown option "secrt"; did you mean "secret"?
}

func Example_reference() {
	schema, err := config.Describe[auth]()
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Print(schema.Classic("output", "kafka"))
	// Output:
	// [OUTPUT]
	//     name       kafka
	//     match      *
	//
	//     # Name to log in with
	//     # (string; required when password is set)
	//     #user      USER
	//
	//     # Its password
	//     # (secret; required when user is set)
	//     #password  PASSWORD
	//
	//     # File with a token
	//     # (secret; a file's path, or inline: and the content; not allowed when user is set)
	//     #token     inline:TOKEN
}

package config_test

import (
	"encoding/json"
	"fmt"
	"log"
	"time"

	"github.com/calyptia/plugin/config"
)

// A page of reference is made from the struct, so it is never out of date.
func ExampleDescribe() {
	schema, err := config.Describe[kafka]()
	if err != nil {
		log.Fatal(err)
	}
	for _, p := range schema.Properties {
		fmt.Printf("%-11s %-15s %s\n", p.Name, p.Type, p.Description)
	}
	// Output:
	// brokers     list of string  Where to connect
	// timeout     duration        Per request
	// limit       size            Bytes per request
	// tls_verify  bool
}

func ExampleSchema_Classic() {
	schema, err := config.Describe[kafka]()
	if err != nil {
		log.Fatal(err)
	}
	fmt.Print(schema.Classic("output", "kafka"))
	// Output:
	// [OUTPUT]
	//     name         kafka
	//     match        *
	//
	//     # Where to connect
	//     # (list of string; required; each item a host and port (host:9092))
	//     brokers      host:9092
	//
	//     # Per request
	//     # (duration)
	//     #timeout     10s
	//
	//     # Bytes per request
	//     # (size)
	//     #limit       4M
	//
	//     # (bool)
	//     #tls_verify  on
}

func ExampleSchema_YAML() {
	type Config struct {
		Every time.Duration `flb:"every" default:"1s" desc:"Time between beats"`
		Role  string        `flb:"role" validate:"required,oneof=web db"`
	}
	schema, err := config.Describe[Config]()
	if err != nil {
		log.Fatal(err)
	}
	fmt.Print(schema.YAML("input", "heart"))
	// Output:
	// pipeline:
	//   inputs:
	//     - name: heart
	//       tag: heart
	//
	//       # Time between beats
	//       # (duration)
	//       #every: 1s
	//
	//       # (string; required; one of web, db)
	//       role: web
}

func ExampleSchema_Markdown() {
	schema, err := config.Describe[kafka]()
	if err != nil {
		log.Fatal(err)
	}
	fmt.Print(schema.Markdown())
	// Output:
	// | Property | Type | Default | Required | Allowed | Description |
	// |---|---|---|---|---|---|
	// | `brokers` | list of string |  | yes | each item a host and port (host:9092) | Where to connect |
	// | `timeout` | duration | `10s` |  |  | Per request |
	// | `limit` | size | `4M` |  |  | Bytes per request |
	// | `tls_verify` | bool | `on` |  |  |  |
}

// Editors check sections by it, and offer what may be set.
func ExampleSchema_JSONSchema() {
	schema, err := config.Describe[kafka]()
	if err != nil {
		log.Fatal(err)
	}
	var section struct {
		Required   []string
		Properties map[string]struct{ Description string }
	}
	if err := json.Unmarshal(schema.JSONSchema("output", "kafka"), &section); err != nil {
		log.Fatal(err)
	}
	fmt.Println(section.Required, section.Properties["timeout"].Description)
	// Output: [name brokers] Per request (duration)
}

// A plugin has the properties of its own struct and those of what it embeds elsewhere.
func ExampleJoin() {
	type Retries struct {
		Attempts int `flb:"attempts" default:"3"`
	}
	own, err := config.Describe[kafka]()
	if err != nil {
		log.Fatal(err)
	}
	common, err := config.Describe[Retries]()
	if err != nil {
		log.Fatal(err)
	}
	for _, p := range config.Join(own, common).Properties {
		fmt.Print(p.Name, " ")
	}
	// Output: brokers timeout limit tls_verify attempts
}

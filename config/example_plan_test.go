package config_test

import (
	"fmt"
	"reflect"
	"strings"

	"github.com/calyptia/plugin/config"
)

// A mistake in struct tags is found without a section.
func ExampleCompile() {
	type Config struct {
		Brokers []string `flb:"brokers" validate:"requird"`
	}
	_, err := config.Compile(reflect.TypeFor[Config]())
	fmt.Println(err)
	// Output: struct tag on Config.Brokers: unknown option "requird"; did you mean "required"?
}

// A tool that knows the type only at run time gets a reflect.Value.
func ExamplePlan_Bind() {
	plan, err := config.Compile(reflect.TypeFor[*kafka]())
	if err != nil {
		fmt.Println(err)
		return
	}
	v, err := plan.Bind(config.Properties{"brokers": "a:9092"})
	if err != nil {
		fmt.Println(err)
		return
	}
	conf := v.Interface().(*kafka)
	fmt.Println(conf.Brokers, conf.Timeout)
	// Output: [a:9092] 10s
}

// Some engines keep a name that others do not: the plugin works, but not everywhere.
func ExamplePlan_CheckNames() {
	type Config struct {
		Gate   string `flb:"rate_gate"`
		Topics string `flb:"topics"`
	}
	plan, err := config.Compile(reflect.TypeFor[Config]())
	if err != nil {
		fmt.Println(err)
		return
	}
	warnings, err := plan.CheckNames("input")
	fmt.Println(warnings)
	fmt.Println(err)
	// Output:
	// [struct tag on Config.Gate: "rate_gate" is kept by the engine for its own use (inputs) from 5.1.0 on: never reaches a plugin; call it plugin_rate_gate]
	// <nil>
}

// Environment variables for a container, with their defaults.
func ExamplePlan_Properties() {
	plan, err := config.Compile(reflect.TypeFor[kafka]())
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, p := range plan.Properties() {
		if p.Required || p.HasDefault {
			fmt.Printf("KAFKA_%s=%s\n", strings.ToUpper(p.Name), p.Default)
		}
	}
	// Output:
	// KAFKA_BROKERS=
	// KAFKA_TIMEOUT=10s
	// KAFKA_LIMIT=4M
	// KAFKA_TLS_VERIFY=on
}

// An old name goes on working, with a warning.
func ExamplePlan_Warnings() {
	type Config struct {
		Server string `flb:"server"`
		Addr   string `flb:"addr,deprecated" desc:"Use server instead"`
	}
	plan, err := config.Compile(reflect.TypeFor[Config]())
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(plan.Warnings(config.Properties{"server": "a:80"}))
	fmt.Println(plan.Warnings(config.Properties{"addr": "a:80"}))
	// Output:
	// []
	// [addr: deprecated: Use server instead]
}

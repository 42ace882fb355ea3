package config_test

import (
	"fmt"

	"github.com/calyptia/plugin/config"
)

func ExampleParseBool() {
	for _, text := range []string{"On", "no", "1", "enabled"} {
		fmt.Println(config.ParseBool(text))
	}
	// Output:
	// true <nil>
	// false <nil>
	// true <nil>
	// false config: "enabled" is not a boolean (want on or off)
}

func ExampleParseDuration() {
	for _, text := range []string{"1h30m", "2.5", "5 minutes"} {
		fmt.Println(config.ParseDuration(text))
	}
	// Output:
	// 1h30m0s <nil>
	// 2.5s <nil>
	// 0s config: "5 minutes" is not a duration (want 500ms, 10s, 1m or a number of seconds)
}

// Units are powers of 1000, as in the engine.
func ExampleParseSize() {
	for _, text := range []string{"512", "1.5M", "2gb", "64KiB"} {
		size, err := config.ParseSize(text)
		fmt.Println(int64(size), err)
	}
	// Output:
	// 512 <nil>
	// 1500000 <nil>
	// 2000000000 <nil>
	// 0 config: "64KiB" is not a size in bytes (want 512, 64K, 4M or 1G)
}

// A size is a number of bytes, and prints as the file would have it.
func ExampleSize() {
	type Config struct {
		Limit config.Size `flb:"limit" default:"4M" validate:"min=1" desc:"Bytes per request"`
	}
	conf, err := config.Bind[Config](config.Properties{"limit": "2500k"})
	if err != nil {
		fmt.Println(err)
	}
	buffer := make([]byte, 0, conf.Limit)
	fmt.Println(conf.Limit, cap(buffer), config.Size(1_000_000))
	// Output: 2500K 2500000 1M
}

// An input never sees a property called tag. Fluent Bit takes it.
func ExampleReserved() {
	for _, name := range []string{"tag", "topic"} {
		if reason, suggestion, ok := config.Reserved("input", name); ok {
			fmt.Printf("%s %s; take %s\n", name, reason, suggestion)
		} else {
			fmt.Println(name, "is free")
		}
	}
	// Output:
	// tag is kept by the engine for its own use (inputs): never reaches a plugin; take event_tag
	// topic is free
}

// A test of a plugin needs no file to give it a token.
func ExampleNewSecret() {
	type Config struct {
		User  string
		Token config.Secret
	}
	conf := Config{User: "ops", Token: config.NewSecret("correct horse")}
	fmt.Printf("%+v\n", conf)
	fmt.Println("Authorization: Bearer", conf.Token.Reveal())
	// Output:
	// {User:ops Token:***}
	// Authorization: Bearer correct horse
}

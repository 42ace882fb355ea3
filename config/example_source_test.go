package config_test

import (
	"fmt"
	"os"
	"strings"

	"github.com/calyptia/plugin/config"
)

// environment is a Source: KAFKA_BROKERS is the property brokers.
type environment struct{ prefix string }

func (e environment) Lookup(key string) (string, bool) {
	return os.LookupEnv(e.prefix + strings.ToUpper(key))
}

// A tool that runs without an engine can read the same struct from elsewhere.
func ExampleSource() {
	os.Setenv("KAFKA_BROKERS", "a:9092")
	os.Setenv("KAFKA_TLS_VERIFY", "no")
	conf, err := config.Bind[kafka](environment{"KAFKA_"})
	fmt.Println(conf.Brokers, conf.TLS.Verify, err)
	// Output: [a:9092] false <nil>
}

// Names compare without case, as in the engine.
func ExampleProperties() {
	section := config.Properties{"Brokers": "a:9092", "Timeout": "1m"}
	timeout, ok := section.Lookup("timeout")
	fmt.Println(timeout, ok)
	conf, err := config.Bind[kafka](section)
	fmt.Println(conf.Timeout, err)
	// Output:
	// 1m true
	// 1m0s <nil>
}

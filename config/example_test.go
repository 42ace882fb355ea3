package config_test

import (
	"errors"
	"fmt"
	"time"

	"github.com/calyptia/plugin/config"
)

type kafka struct {
	Brokers []string      `flb:"brokers" validate:"required,dive,hostname_port" desc:"Where to connect"`
	Timeout time.Duration `flb:"timeout" default:"10s" desc:"Per request"`
	Limit   config.Size   `flb:"limit" default:"4M" desc:"Bytes per request"`
	TLS     struct {
		Verify bool `default:"on"`
	} `flb:"tls_"`
}

func ExampleBind() {
	conf, err := config.Bind[kafka](config.Properties{
		"Brokers":    "a:9092, b:9092",
		"Limit":      "1.5M",
		"TLS_Verify": "off",
	})
	fmt.Println(conf.Brokers, conf.Timeout, conf.Limit, conf.TLS.Verify, err)
	// Output: [a:9092 b:9092] 10s 1500K false <nil>
}

func ExampleBind_problems() {
	_, err := config.Bind[kafka](config.Properties{"timeout": "5 parsecs"})
	fmt.Println(err)

	var e *config.Error
	if errors.As(err, &e) {
		fmt.Println(e.Problems[1].Property, e.Problems[1].Value)
	}
	// Output:
	// config: 2 problems
	// 	brokers: required, not set
	// 	timeout: "5 parsecs" is not a duration (want 500ms, 10s, 1m or a number of seconds)
	// timeout 5 parsecs
}

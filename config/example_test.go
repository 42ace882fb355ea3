package config_test

import (
	"errors"
	"fmt"
	"net/url"
	"reflect"
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

func ExampleSecret() {
	type Config struct {
		Token config.Secret `flb:"token" validate:"min=8"`
		URL   *url.URL      `flb:"url"`
	}
	conf, err := config.Bind[Config](config.Properties{"token": "correct horse", "url": "https://u:pw@host/"})
	fmt.Println(conf.Token, len(conf.Token.Reveal()), err)

	_, err = config.Bind[Config](config.Properties{"token": "horse", "url": "u:pw@host"})
	fmt.Println(err)
	// Output:
	// *** 13 <nil>
	// config: 2 problems
	// 	token: *** is too short (want at least 8 characters)
	// 	url: "***@host" is not a URL (want scheme://host/path)
}

func ExamplePlan_Effective() {
	plan, err := config.Compile(reflect.TypeFor[kafka]())
	if err != nil {
		panic(err)
	}
	conf, err := plan.Bind(config.Properties{"brokers": "a:9092, b:9092", "tls_verify": "no"})
	if err != nil {
		panic(err)
	}
	fmt.Println(plan.Effective(conf))
	// Output: [brokers=a:9092,b:9092 timeout=10s limit=4M tls_verify=off]
}

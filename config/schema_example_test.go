package config_test

import (
	"fmt"
	"log"

	"github.com/calyptia/plugin/config"
)

func ExampleDescribe() {
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

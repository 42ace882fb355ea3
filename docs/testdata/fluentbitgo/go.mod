module github.com/calyptia/plugin/docs/testdata/fluentbitgo

go 1.25.0

require github.com/fluent/fluent-bit-go v0.0.0-20260305090907-bda21e692da6

require (
	github.com/mitchellh/mapstructure v1.5.0 // indirect
	github.com/ugorji/go/codec v1.1.7 // indirect
)

package config_test

import (
	"reflect"
	"testing"
	"time"

	"github.com/calyptia/plugin/config"
)

// twenty is the size of a large real section; all its properties are set.
type twenty struct {
	Brokers     []string      `validate:"required,dive,hostname_port"`
	Topic       string        `validate:"required,max=249"`
	Key         string        `flb:"message_key"`
	Format      string        `default:"json" validate:"oneof=json msgpack raw"`
	Compression string        `default:"none" validate:"oneof=none gzip zstd"`
	Batch       int           `default:"500" validate:"min=1,max=10000"`
	Retries     int           `default:"4" validate:"min=0"`
	Workers     uint8         `default:"1"`
	Rate        float64       `validate:"min=0"`
	Limit       config.Size   `default:"4M" validate:"min=1000"`
	Buffer      config.Size   `default:"32M"`
	Timeout     time.Duration `default:"10s" validate:"min=1s"`
	Backoff     time.Duration `default:"1s"`
	MaxBackoff  time.Duration `default:"1m" validate:"gtefield=Backoff"`
	Async       bool
	Idempotent  bool   `validate:"required"`
	User        string `validate:"required_with=Password"`
	Password    string
	TLS         struct {
		CertFile string
		Verify   bool `default:"on"`
	}
}

func BenchmarkBind20(b *testing.B) {
	plan, err := config.Compile(reflect.TypeFor[twenty]())
	if err != nil {
		b.Fatal(err)
	}
	src := config.Properties{
		"brokers": "a:9092,b:9092", "topic": "logs", "message_key": "host", "format": "json", "compression": "zstd", "batch": "100",
		"retries": "3", "workers": "2", "rate": "0.5", "limit": "1M", "buffer": "8M", "timeout": "30s", "backoff": "2", "max_backoff": "1m",
		"async": "on", "idempotent": "off", "user": "u", "password": "p", "tls_cert_file": "/c.pem", "tls_verify": "off",
	}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := plan.Bind(src); err != nil {
			b.Fatal(err)
		}
	}
}

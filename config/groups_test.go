package config_test

import (
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/calyptia/plugin/config"
)

// The groups of real plugins (demand.md section 5).
type groups struct {
	APIKey     config.Secret  `flb:"apiKey" validate:"required_without=LicenseKey,excluded_with=LicenseKey"`
	LicenseKey config.Secret  `flb:"licenseKey"`
	CertFile   string         `validate:"required_with=KeyFile"`
	KeyFile    string         `validate:"required_with=CertFile"`
	TLSActive  bool           `flb:"tls_active"`
	CAFile     string         `validate:"excluded_unless=TLSActive true"`
	Mode       string         `default:"plain" validate:"oneof=plain signed"`
	Signer     string         `validate:"required_if=Mode signed,excluded_unless=Mode signed"`
	Stream     string         `validate:"excluded_with=Prefix"`
	Prefix     string         `validate:"excluded_with=Stream"`
	MinWait    time.Duration  `default:"1s"`
	MaxWait    time.Duration  `default:"1m" validate:"gtfield=MinWait"`
	Buffer     config.Size    `default:"1M"`
	Limit      config.Size    `default:"4M" validate:"gtefield=Buffer"`
	Password   config.Secret  `validate:"omitempty,min=8"`
	Again      config.Secret  `validate:"eqfield=Password"`
	Endpoint   *url.URL       `validate:"omitempty,startswith=https:"`
	Proxies    []*url.URL     `validate:"omitempty,max=2,dive,startswith=http"`
	Headers    map[string]int `validate:"omitempty,max=2,dive,min=1"`
}

func TestGroups(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		src  config.Properties
		want string
	}{
		{"right", config.Properties{}, ""},
		{"exactly one, none", config.Properties{"apiKey": ""}, "apiKey: required when licenseKey is not set"},
		{"exactly one, both", config.Properties{"licenseKey": "hunter2"}, "apiKey: *** is not allowed when licenseKey is set"},
		{"exactly one, the other", config.Properties{"apiKey": "", "licenseKey": "x"}, ""},
		{"exactly one, from YAML", config.Properties{"apiKey": "", "api_key": "x"}, ""},
		{"both or neither", config.Properties{"cert_file": "c"}, "key_file: required when cert_file is set"},
		{"both or neither, both", config.Properties{"cert_file": "c", "key_file": "k"}, ""},
		{"only with a switch", config.Properties{"ca_file": "c"}, `ca_file: "c" is not allowed unless tls_active is on`},
		{"only with a switch that is off", config.Properties{"ca_file": "c", "tls_active": "no"},
			`ca_file: "c" is not allowed unless tls_active is on`},
		{"only with a switch, on", config.Properties{"ca_file": "c", "tls_active": "yes"}, ""},
		{"required if", config.Properties{"mode": "signed"}, `signer: required when mode is "signed"`},
		{"required if, other", config.Properties{"signer": "s"}, `signer: "s" is not allowed unless mode is "signed"`},
		{"at most one", config.Properties{"stream": "s", "prefix": "p"},
			"2 problems\n\tstream: \"s\" is not allowed when prefix is set\n\tprefix: \"p\" is not allowed when stream is set"},
		{"more than", config.Properties{"max_wait": "1"}, `max_wait: "1" is not allowed (want more than min_wait)`},
		{"at least", config.Properties{"buffer": "5M"}, `limit: "4M" is not allowed (want at least buffer)`},
		{"length of a secret", config.Properties{"password": "hunter2", "again": "hunter2"},
			`password: *** is too short (want at least 8 characters)`},
		{"same secret", config.Properties{"password": "hunter22", "again": "hunter2"},
			`again: *** is not allowed (want the same as password)`},
		{"url", config.Properties{"endpoint": "http://u:hunter2@h"}, `endpoint: "http://u:***@h" does not start with "https:"`},
		{"urls", config.Properties{"proxies": "http://h,ftp://u:hunter2@h"}, `proxies: item "ftp://u:***@h" does not start with "http"`},
		{"many urls", config.Properties{"proxies": "http://a,http://b,http://c"},
			`proxies: "http://a,http://b,http://c" has too many items (want at most 2 items)`},
		{"map", config.Properties{"headers": "a=1,b=0"}, `headers: item "b=0" is too small (want at least 1)`},
		{"large map", config.Properties{"headers": "a=1,b=2,c=3"}, `headers: "a=1,b=2,c=3" has too many items (want at most 2 items)`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			src := config.Properties{"apiKey": "hunter2"}
			for k, v := range tt.src {
				src[k] = v
			}
			_, err := config.Bind[groups](src)
			got := ""
			if err != nil {
				got = strings.TrimPrefix(err.Error(), "config: ")
			}
			if got != tt.want {
				t.Errorf("Bind(%v) = %s, want %s", src, got, tt.want)
			}
			if text := deepText(err); strings.Contains(text, "hunter") {
				t.Errorf("Bind(%v) = %s, want no secret", src, text)
			}
		})
	}
}

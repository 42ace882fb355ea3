package config_test

import (
	"reflect"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/calyptia/plugin/config"
	"github.com/google/go-cmp/cmp"
)

type recursive struct {
	Name string
	Next *recursive
}

type Based struct{ A int }

func TestCompileMistakes(t *testing.T) {
	t.Parallel()
	// Each Config is a type of its own, so that the texts have the name that authors use.
	compile := func(v any) error {
		_, err := config.Compile(reflect.TypeOf(v))
		return err
	}
	tests := []struct {
		name string
		err  error
		want string
	}{
		{"no type", compile(nil), `configuration type <nil>: not a struct`},
		{"no struct", compile(3), `configuration type int: not a struct`},
		{"pointer to pointer", compile(new(*unit)), `configuration type **config_test.unit: not a struct`},
		{"unnamed struct", compile(struct{ C chan int }{}), `field struct.C: unsupported type chan int`},
		{"unknown rule", func() error {
			type Config struct {
				Brokers string `validate:"requird"`
			}
			return compile(Config{})
		}(), `struct tag on Config.Brokers: unknown option "requird"; did you mean "required"?`},
		{"unknown rule for items", func() error {
			type Config struct {
				Brokers []string `validate:"required,dive,hostnam"`
			}
			return compile(Config{})
		}(), `struct tag on Config.Brokers: unknown option "hostnam"; did you mean "hostname"?`},
		{"unknown alternative", func() error {
			type Config struct {
				Host string `validate:"ip|hostnam"`
			}
			return compile(Config{})
		}(), `struct tag on Config.Host: unknown option "hostnam"; did you mean "hostname"?`},
		{"unknown option", func() error {
			type Config struct {
				Hosts []string `flb:"hosts,spe=;"`
			}
			return compile(Config{})
		}(), `struct tag on Config.Hosts: unknown option "spe"; did you mean "sep"?`},
		{"rule as an option", func() error {
			type Config struct {
				Hosts []string `flb:"hosts,requird"`
			}
			return compile(Config{})
		}(), `struct tag on Config.Hosts: unknown option "requird"; did you mean validate:"required"?`},
		{"option like nothing", func() error {
			type Config struct {
				Hosts []string `flb:"hosts,zzzzzzzz"`
			}
			return compile(Config{})
		}(), `struct tag on Config.Hosts: unknown option "zzzzzzzz"`},
		{"empty option", func() error {
			type Config struct {
				Host string `flb:"host,"`
			}
			return compile(Config{})
		}(), `struct tag on Config.Host: unknown option ""`},
		{"empty rule", func() error {
			type Config struct {
				Host string `validate:"required,,ip"`
			}
			return compile(Config{})
		}(), `struct tag on Config.Host: validate:"required,,ip" has an empty option`},
		{"sep of letters", func() error {
			type Config struct {
				Hosts []string `flb:"hosts,sep=and"`
			}
			return compile(Config{})
		}(), `struct tag on Config.Hosts: option "sep=and": want sep=space or one punctuation character (a comma is the default)`},
		{"sep on a scalar", func() error {
			type Config struct {
				Host string `flb:"host,sep=;"`
			}
			return compile(Config{})
		}(), `struct tag on Config.Host: option "sep" on a property that is no list`},
		{"sep on a nested struct", func() error {
			type Config struct {
				Base Based `flb:"base_,sep=;"`
			}
			return compile(Config{})
		}(), `struct tag on Config.Base: option "sep" on a property that is no list`},
		{"empty name", func() error {
			type Config struct {
				Host string `flb:""`
			}
			return compile(Config{})
		}(), `struct tag on Config.Host: empty name`},
		{"bad name", func() error {
			type Config struct {
				Host string `flb:"the host"`
			}
			return compile(Config{})
		}(), `struct tag on Config.Host: name "the host": ' ' is not a letter, a digit, _ . or -`},
		{"bad derived name", func() error {
			type Config struct{ Höhe string }
			return compile(Config{})
		}(), `struct tag on Config.Höhe: name "höhe": want letters, digits, _ . and - only`},
		{"one name twice", func() error {
			type Config struct {
				TLSDepth int
				TLS      struct{ Depth int } `flb:"TLS_"`
			}
			return compile(Config{})
		}(), `struct tag on Config.TLS.Depth: name "TLS_depth" is that of Config.TLSDepth too`},
		{"unexported", func() error {
			type Config struct {
				host string `flb:"host"`
			}
			return compile(Config{host: ""})
		}(), `struct tag on Config.host: the field is not exported, so it cannot be set`},
		{"default that does not parse", func() error {
			type Config struct {
				Wait time.Duration `default:"5 parsecs"`
			}
			return compile(Config{})
		}(), `struct tag on Config.Wait: default "5 parsecs" is not a duration (want 500ms, 10s, 1m or a number of seconds)`},
		{"default with a bad item", func() error {
			type Config struct {
				Ports []uint16 `default:"1,x"`
			}
			return compile(Config{})
		}(), `struct tag on Config.Ports: default "x" is not a whole number from 0 up`},
		{"tags on a skipped field", func() error {
			type Config struct {
				Host string `flb:"-" default:"x"`
			}
			return compile(Config{})
		}(), `struct tag on Config.Host: default or validate on a field that flb:"-" skips`},
		{"validate on a nested struct", func() error {
			type Config struct {
				Base Based `validate:"required"`
			}
			return compile(Config{})
		}(), `struct tag on Config.Base: validate on a nested struct; put the rules on its properties`},
		{"default on a nested struct", func() error {
			type Config struct {
				Base Based `default:"x"`
			}
			return compile(Config{})
		}(), `struct tag on Config.Base: default on a nested struct; put defaults on its properties`},
		{"map", func() error {
			type Config struct{ Labels map[int]string }
			return compile(Config{})
		}(), `field Config.Labels: unsupported type map[int]string`},
		{"bytes", func() error {
			type Config struct{ Raw []byte }
			return compile(Config{})
		}(), `field Config.Raw: unsupported type []uint8`},
		{"pointer to pointer field", func() error {
			type Config struct{ P **int }
			return compile(Config{})
		}(), `field Config.P: unsupported type **int`},
		{"list of structs", func() error {
			type Config struct{ L []Based }
			return compile(Config{})
		}(), `field Config.L: unsupported type []config_test.Based`},
		{"struct without properties", func() error {
			type Config struct{ Zone time.Location }
			return compile(Config{})
		}(), `field Config.Zone: unsupported type time.Location`},
		{"embedded pointer", func() error {
			type Config struct{ *Based }
			return compile(Config{})
		}(), `field Config.Based: an embedded pointer; embed the struct itself`},
		{"recursive", compile(recursive{}), `field recursive.Next: type config_test.recursive contains itself`},
		{"two embedded Validate", func() error {
			type Config struct {
				pair
				counted
			}
			return compile(Config{})
		}(), `field Config.pair: Validate cannot be called on an unexported embedded struct; give config_test.Config one that calls it`},
		{"rule for another type", func() error {
			type Config struct {
				On bool `validate:"min=1"`
			}
			return compile(Config{})
		}(), `struct tag on Config.On: option "min=1" does not suit type bool: Bad field type bool`},
		{"bad parameter", func() error {
			type Config struct {
				N int `validate:"required,min=one"`
			}
			return compile(Config{})
		}(), `struct tag on Config.N: option "min=one" does not suit type int: strconv.ParseInt: parsing "one": invalid syntax`},
		{"dive into a scalar", func() error {
			type Config struct {
				Host string `validate:"dive,ip"`
			}
			return compile(Config{})
		}(), `struct tag on Config.Host: option "dive" on a property that is no list`},
		{"dive twice", func() error {
			type Config struct {
				Hosts []string `validate:"dive,dive,ip"`
			}
			return compile(Config{})
		}(), `struct tag on Config.Hosts: dive twice: there are no lists of lists`},
		{"other field unknown", func() error {
			type Config struct {
				Min int
				Max int `validate:"gtefield=Mim"`
			}
			return compile(Config{})
		}(), `struct tag on Config.Max: option "gtefield=Mim": no property in field "Mim"; did you mean "Min"?`},
		{"condition on an unknown field", func() error {
			type Config struct {
				User     string
				Password string `validate:"required_with=Account"`
			}
			return compile(Config{})
		}(), `struct tag on Config.Password: option "required_with=Account": no property in field "Account"`},
		{"condition without a field", func() error {
			type Config struct {
				Password string `validate:"required_with"`
			}
			return compile(Config{})
		}(), `struct tag on Config.Password: option "required_with": wrong number of words after =`},
		{"condition without a value", func() error {
			type Config struct {
				Mode     string
				Password string `validate:"required_if=Mode"`
			}
			return compile(Config{})
		}(), `struct tag on Config.Password: option "required_if=Mode": wrong number of words after =`},
		{"condition with a bad value", func() error {
			type Config struct {
				On       bool
				Password string `validate:"required_if=On maybe"`
			}
			return compile(Config{})
		}(), `struct tag on Config.Password: option "required_if=On maybe": "maybe" is not a boolean (want on or off)`},
		{"condition on a list", func() error {
			type Config struct {
				Hosts    []string
				Password string `validate:"required_if=Hosts a"`
			}
			return compile(Config{})
		}(), `struct tag on Config.Password: option "required_if=Hosts a": hosts is not a single value to compare with`},
		{"presence as an alternative", func() error {
			type Config struct {
				Host string `validate:"ip|required"`
			}
			return compile(Config{})
		}(), `struct tag on Config.Host: option "ip|required" is about a whole property; it cannot be an alternative or a rule for items`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if tt.err == nil || tt.err.Error() != tt.want {
				t.Errorf("Compile() = %v, want %s", tt.err, tt.want)
			}
		})
	}
}

func TestCompileIsCached(t *testing.T) {
	t.Parallel()
	first, _ := config.Compile(reflect.TypeFor[scalars]())
	second, _ := config.Compile(reflect.TypeFor[scalars]())
	if first == nil || first != second {
		t.Errorf("Compile() twice = %p, %p, want one plan", first, second)
	}
	_, err := config.Compile(reflect.TypeFor[recursive]())
	_, again := config.Compile(reflect.TypeFor[recursive]())
	if err == nil || err != again {
		t.Errorf("Compile() twice = %v, %v, want one error", err, again)
	}
}

func TestBindCompileError(t *testing.T) {
	t.Parallel()
	want := "config: field recursive.Next: type config_test.recursive contains itself"
	if _, err := config.Bind[recursive](nil); err == nil || err.Error() != want {
		t.Errorf("Bind() = %v, want %s", err, want)
	}
}

func TestProperties(t *testing.T) {
	t.Parallel()
	type Config struct {
		HTTPTimeout time.Duration  `default:"10s" desc:"Per request"`
		S3Bucket    string         `validate:"required,min=3,max=63"`
		UserID2     uint8          `flb:"apiKey" validate:"oneof=1 2"`
		Limits      []config.Size  `flb:"limits,sep=space" validate:"max=5,dive,min=10"`
		Filter      *regexp.Regexp `desc:"Lines to keep"`
		TLS         struct {
			Verify bool          `default:"on"`
			Ratio  float64       `validate:"gte=0.5"`
			Wait   time.Duration `validate:"max=2000000000"`
		} `flb:"tls."`
		Skipped func() `flb:"-"`
		private int
		Common
	}
	plan, err := config.Compile(reflect.TypeFor[Config]())
	if err != nil {
		t.Fatal(err)
	}
	_ = Config{private: 0}
	want := []config.Property{
		{Name: "http_timeout", Type: "duration", Kind: "duration", Default: "10s", HasDefault: true, Description: "Per request"},
		{Name: "s3_bucket", Type: "string", Kind: "text", Required: true, Min: "3", Max: "63"},
		{Name: "apiKey", YAMLName: "api_key", Type: "integer", Kind: "integer", Values: []string{"1", "2"}},
		{Name: "limits", Type: "list of size", Kind: "size", List: true, Sep: " ", Max: "5"},
		{Name: "filter", Type: "regexp", Kind: "text", Description: "Lines to keep"},
		{Name: "tls.verify", Type: "bool", Kind: "bool", Default: "on", HasDefault: true},
		{Name: "tls.ratio", Type: "number", Kind: "number", Min: "0.5"},
		{Name: "tls.wait", Type: "duration", Kind: "duration", Max: "2s"},
		{Name: "host", Type: "string", Kind: "text", Default: "localhost", HasDefault: true},
	}
	if diff := cmp.Diff(want, plan.Properties()); diff != "" {
		t.Errorf("Properties() (-want +got):\n%s", diff)
	}
}

func TestCompileGenericType(t *testing.T) {
	t.Parallel()
	if got, want := problems[generic[Common]](config.Properties{}), `value_min: "0" is too small (want at least 1)`; got != want {
		t.Errorf("Bind() = %s, want %s", strings.TrimSpace(got), want)
	}
}

type generic[T any] struct {
	Value struct {
		Min int `default:"0" validate:"min=1"`
	}
	Rest T
}

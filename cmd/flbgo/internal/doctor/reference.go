package doctor

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/calyptia/plugin/internal/engine/chost"
	"github.com/calyptia/plugin/internal/proxy"
)

// describeSymbol is what bridge exports.
const describeSymbol = "flbgo_describe"

// ErrNoReference is wrapped by the error of a library that cannot be asked: it is another one's, or an older release's.
var ErrNoReference = errors.New("exports no " + describeSymbol)

// Reference asks a library that is loaded what it is.
func Reference(host *chost.Host, lib *chost.Library) (*proxy.Reference, error) {
	text, err := host.Ask(lib, describeSymbol)
	refused := new(chost.PluginError)
	switch {
	case errors.As(err, &refused) && refused.Code == 0:
		return nil, ErrNoReference
	case err != nil:
		return nil, err
	}
	return parseReference(text)
}

// parseReference reads a library's answer.
func parseReference(text string) (*proxy.Reference, error) {
	var answer struct {
		proxy.Reference
		Error string `json:"error"`
	}
	if err := json.Unmarshal([]byte(text), &answer); err != nil {
		return nil, fmt.Errorf("%s answers what is no reference: %w", describeSymbol, err)
	}
	if answer.Error != "" {
		return nil, errors.New(answer.Error)
	}
	return &answer.Reference, nil
}

// schema looks at what the library says of its properties.
func (t *trial) schema(lib *chost.Library) {
	r, err := Reference(t.host, lib)
	switch {
	case errors.Is(err, ErrNoReference):
	case err != nil:
		t.fail("schema", "it cannot say what its properties are: "+err.Error(), "see that Describe of its config struct works")
	case !r.Typed():
		t.ok("schema", "untyped: any property may be set")
	default:
		t.ok("schema", "%s (flbgo docs prints all)", required(r))
	}
}

// required names the properties that a section must have.
func required(r *proxy.Reference) string {
	var schema struct{ Required []string }
	_ = json.Unmarshal(r.Schema, &schema)                                                       // of any other form it requires nothing
	own := slices.DeleteFunc(schema.Required, func(name string) bool { return name == "name" }) // the plugin's
	if len(own) == 0 {
		return "no property must be set"
	}
	return "to be set: " + strings.Join(own, ", ")
}

package conffile

import "strings"

// kinds are the section names of classic files, and the singular words for them. flb_config_format.c takes both forms.
var kinds = map[string]string{
	"service": "service",
	"input":   "input", "inputs": "input",
	"output": "output", "outputs": "output",
	"filter": "filter", "filters": "filter",
	"custom": "custom", "customs": "custom",
	"stream_task":      "stream_task",
	"stream_processor": "stream_processor",
	"upstream":         "upstream", "upstream_servers": "upstream",
	"plugins": "plugins",
	"parser":  "parser", "multiline_parser": "multiline_parser",
}

// belongs names the [SERVICE] property whose file holds a section that the main classic file must not.
var belongs = map[string]string{
	"plugins":          "plugins_file",
	"parser":           "parsers_file",
	"multiline_parser": "parsers_file",
}

// isPlugin reports whether sections of the kind configure a plugin, and so must name one.
func isPlugin(kind string) bool {
	switch kind {
	case "input", "output", "filter", "custom":
		return true
	}
	return false
}

// kindOf returns the kind that a classic section header names.
func kindOf(header string) (string, bool) {
	kind, ok := kinds[strings.ToLower(header)]
	return kind, ok
}

package doctor

import "testing"

func TestParseReference(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, text string
		want       string // of the error
	}{
		{"with keys of a newer release", `{"kind": "input", "since": "4.0"}`, ""},
		{"mistakes of the registration", `{"error": "plugin: no plugin registered"}`, "plugin: no plugin registered"},
		{"nothing", "", "flbgo_describe answers what is no reference: unexpected end of JSON input"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got, err := parseReference(tt.text)
			if err == nil && (tt.want != "" || got.Kind != "input") || err != nil && err.Error() != tt.want {
				t.Errorf("parseReference(%q) = %v, %v, want error %q", tt.text, got, err, tt.want)
			}
		})
	}
}

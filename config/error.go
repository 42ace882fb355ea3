package config

import (
	"fmt"
	"strings"
)

// Error holds everything that is wrong with the properties of one section, in the order in which the struct declares
// them. It is never empty.
type Error struct {
	Problems []Problem
}

// Error gives a single problem on one line, and several on a line each.
func (e *Error) Error() string {
	if len(e.Problems) == 1 {
		return "config: " + e.Problems[0].String()
	}
	var b strings.Builder
	fmt.Fprintf(&b, "config: %d problems", len(e.Problems))
	for _, p := range e.Problems {
		b.WriteString("\n\t" + p.String())
	}
	return b.String()
}

// Unwrap gives the causes that the problems have.
func (e *Error) Unwrap() []error {
	var causes []error
	for _, p := range e.Problems {
		if p.Err != nil {
			causes = append(causes, p.Err)
		}
	}
	return causes
}

// Problem is one thing that is wrong.
type Problem struct {
	Property string // as named in fluent-bit.conf; prefix and * for a nested struct; empty for the section as a whole
	Value    string // the text that was refused, possibly the default; empty if there is none; *** for a secret or a password in a URL
	Set      bool   // the section sets the property; otherwise Value is the default
	Text     string // value, mistake and what is allowed, in words for whoever edits the file
	Err      error  // what a Validate or UnmarshalText method or a decoder of JSON returned, if that is the cause; nil for a secret
}

// String gives property and text.
func (p Problem) String() string {
	if p.Property == "" {
		return p.Text
	}
	return p.Property + ": " + p.Text
}

// reason is what is wrong with a value, without the value.
type reason string

func (r reason) Error() string { return string(r) }

// invalid is what is wrong with a value, with a cause that may contain the value.
type invalid struct {
	reason
	cause error
}

func (e *invalid) Error() string { return string(e.reason) + ": " + e.cause.Error() }

func (e *invalid) Unwrap() error { return e.cause }

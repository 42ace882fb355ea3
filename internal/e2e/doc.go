// Package e2e tests the whole path: plugins built as c-shared libraries, in the C host of package chost on every
// generation of the engine's interface, in the embedded engine, and in a real Fluent Bit if there is one ($FLUENT_BIT,
// fluent-bit in PATH, or /opt/fluent-bit/bin/fluent-bit).
//
// The plugins are those of examples/ and of testdata/. They are built with the go command, which needs a C compiler.
// testdata/fluentbitgo is a module of its own: an output written against another library, fluent-bit-go.
package e2e

package main

import (
	"testing"

	"github.com/calyptia/plugin/internal/reference"
)

//go:generate go test -run ^TestReference$ . -update

func TestReference(t *testing.T) { reference.Check(t) }

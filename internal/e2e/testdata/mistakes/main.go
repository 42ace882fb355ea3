// Command mistakes registers its plugin in the wrong way that the file "mistake" in the working directory names.
package main

import (
	"context"
	"os"

	"github.com/calyptia/plugin"
)

func init() {
	mistake, err := os.ReadFile("mistake")
	if err != nil {
		return
	}
	switch string(mistake) {
	case "nothing":
	case "two":
		plugin.RegisterInput("first", "", &input[struct{}, map[string]int]{})
		plugin.RegisterOutput("second", "", &output[map[string]int]{})
	case "no map":
		plugin.RegisterInput("number", "", &input[struct{}, int]{})
	case "no map to read":
		plugin.RegisterOutput("numbers", "", &output[[]int]{})
	case "struct tag":
		plugin.RegisterInput("tagged", "", &input[badTag, map[string]int]{})
	case "default":
		plugin.RegisterInput("defaulted", "", &input[badDefault, map[string]int]{})
	case "nil":
		plugin.RegisterInput("none", "", (*input[struct{}, map[string]int])(nil))
	case "nil interface":
		plugin.RegisterInput[struct{}, map[string]int]("none", "", nil)
	case "name":
		plugin.RegisterInput("two words", "", &input[struct{}, map[string]int]{})
	}
}

func main() {}

type badTag struct {
	Brokers string `flb:"brokers,requird"`
}

type badDefault struct {
	Batch int `flb:"batch_size" default:"many"`
}

type input[C, R any] struct{}

func (*input[C, R]) Init(context.Context, *plugin.Instance[C]) error       { return nil }
func (*input[C, R]) Collect(context.Context, chan<- plugin.Event[R]) error { return nil }

type output[R any] struct{}

func (*output[R]) Init(context.Context, *plugin.Instance[struct{}]) error { return nil }
func (*output[R]) Flush(context.Context, *plugin.Batch[R]) error          { return nil }

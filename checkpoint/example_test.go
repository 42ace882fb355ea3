package checkpoint_test

import (
	"fmt"
	"os"
	"path/filepath"

	"github.com/calyptia/plugin/checkpoint"
)

// An input that reads lines goes on behind the last one that the engine has taken.
func Example() {
	dir, err := os.MkdirTemp("", "example-")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(dir)
	for range 2 { // two lives of the plugin
		if err := live(filepath.Join(dir, "position")); err != nil {
			fmt.Println(err)
		}
	}
	// Output:
	// begin at line 0
	// begin at line 3
}

type position struct {
	Line int `json:"line"`
}

func live(path string) error {
	state, err := checkpoint.Open[position](path)
	if err != nil {
		return err
	}
	pos, err := state.Load()
	if err != nil {
		return err
	}
	fmt.Println("begin at line", pos.Line)
	for range 3 {
		pos.Line++
		accepted := state.After(pos) // for Event.Accepted
		accepted()                   // by the engine
	}
	return state.Close() // in the plugin's Close
}

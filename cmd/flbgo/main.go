// Command flbgo is the workbench for Fluent Bit plugins written in Go. "flbgo new" writes the folder of a plugin, "flbgo
// run" builds the plugins that a configuration names and runs it, in the embedded engine or in an installed Fluent Bit,
// "flbgo build" makes the library to ship, "flbgo check" says what keeps a library from working, "flbgo docs" prints the
// reference of its plugin, and "flbgo replay" gives captured chunks to an output. "flbgo --help" lists all commands.
//
// It exits with 0 if all went well, 1 if a command failed, and 2 if the command line makes no sense.
package main

import (
	"errors"
	"fmt"
	"os"

	"github.com/alecthomas/kong"
)

const about = `The workbench for Fluent Bit plugins written in Go.

Begin with: flbgo new input weather, which makes the folder in_weather. Or with: flbgo run FOLDER, where FOLDER holds a
plugin's Go files and a fluent-bit.conf.`

// cli is the command line: a field for each command.
type cli struct {
	New    newCmd    `cmd:"" help:"Write the folder of a new plugin, which builds and runs."`
	Run    runCmd    `cmd:"" help:"Build the plugins that a configuration names, and run it."`
	Replay replayCmd `cmd:"" help:"Give the chunks of a capture to an output plugin, and compare the verdicts."`
	Build  buildCmd  `cmd:"" help:"Build a plugin into a shared library, for this machine or another, and check it."`
	Check  checkCmd  `cmd:"" help:"Find what keeps a shared library from working as a plugin."`
	Docs   docsCmd   `cmd:"" help:"Print the reference of a plugin, from its library: properties, samples and JSON Schema."`
}

func main() {
	os.Exit(execute(os.Args[1:]))
}

// execute carries out a command line and returns the exit code.
func execute(args []string) int {
	term := newTerminal(os.Stderr)
	command, err := parse(args)
	if err != nil {
		term.failed(err)
		fmt.Fprintln(os.Stderr, `"flbgo --help" and "flbgo COMMAND --help" show what there is, with examples.`)
		return 2
	}
	err = command.Run(newSession(term))
	if err == nil {
		return 0
	}
	term.failed(err)
	if errors.As(err, new(usageError)) {
		return 2
	}
	return 1
}

// parse exits the process after --help.
func parse(args []string) (*kong.Context, error) {
	parser, err := kong.New(new(cli), kong.Name("flbgo"), kong.Description(about),
		kong.ConfigureHelp(kong.HelpOptions{WrapUpperBound: 100}))
	if err != nil {
		return nil, err
	}
	return parser.Parse(args)
}

// usageError is a mistake of the command line that only a look at the files shows.
type usageError struct{ error }

func misused(format string, args ...any) error {
	return usageError{fmt.Errorf(format, args...)}
}

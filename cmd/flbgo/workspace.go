package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/calyptia/plugin/internal/engine/conffile"
)

// workspace is the working directory of a run and the configuration as read from there. The process itself changes into
// it: Fluent Bit looks up includes, plugins and paths of sections from its working directory.
type workspace struct {
	dir  string // absolute
	conf *conffile.Config
}

// openFolder opens a folder with a configuration.
func openFolder(folder string) (*workspace, error) {
	name, err := configurationIn(folder)
	if err != nil {
		return nil, err
	}
	return enter(folder, name)
}

// openFile opens a configuration file in the current directory, or in the file's own if only there its libraries can be
// had.
func openFile(file string) (*workspace, error) {
	info, err := os.Stat(file)
	if err != nil {
		return nil, fmt.Errorf("configuration: %w", err)
	}
	if info.IsDir() {
		return nil, misused("-c %s: is a folder (leave out -c to run a folder)", file)
	}
	w, err := enter(".", file)
	if err != nil || complete(w.dir, w.conf.Plugins) {
		return w, err
	}
	beside := filepath.Dir(file)
	if dir, err := filepath.Abs(beside); err != nil || !complete(dir, w.conf.Plugins) {
		return w, err
	}
	return enter(beside, filepath.Base(file))
}

// names are those of configurations in folders, the first found counts.
var names = []string{"fluent-bit.conf", "fluent-bit.yaml", "fluent-bit.yml"}

func configurationIn(folder string) (string, error) {
	info, err := os.Stat(folder)
	switch {
	case errors.Is(err, os.ErrNotExist):
		return "", fmt.Errorf("no folder %s (name one with a fluent-bit.conf, or a configuration file with -c)", folder)
	case err != nil:
		return "", err
	case !info.IsDir():
		return "", misused("%s is no folder (want flbgo run -c %s to run a configuration file)", folder, folder)
	}
	for _, name := range names {
		if _, err := os.Stat(filepath.Join(folder, name)); err == nil {
			return name, nil
		}
	}
	return "", fmt.Errorf("folder %s holds none of %s (write one, or name a configuration file with -c)",
		folder, strings.Join(names, ", "))
}

// enter changes into a folder and reads the configuration there.
func enter(folder, file string) (*workspace, error) {
	dir, err := filepath.Abs(folder)
	if err != nil {
		return nil, err
	}
	if err := os.Chdir(dir); err != nil {
		return nil, err
	}
	conf, err := conffile.Load(file)
	if err != nil && folder != "." {
		return nil, fmt.Errorf("in %s: %w", folder, err)
	}
	return &workspace{dir: dir, conf: conf}, err
}

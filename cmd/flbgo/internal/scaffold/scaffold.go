// Package scaffold writes the folder of a new plugin: one that builds, passes its test and runs, to be changed from there.
package scaffold

import (
	"bytes"
	"embed"
	"errors"
	"fmt"
	"go/format"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"text/template"
)

// Plugin is what the files are made for.
type Plugin struct {
	Kind    string // "input" or "output"
	Name    string // that sections give, such as "weather"
	Module  string // path of the Go module
	Library string // version of github.com/calyptia/plugin to require
	Replace string // folder with that module instead; empty if it is to be downloaded
}

// Prefix returns "in" or "out".
func (p Plugin) Prefix() string { return strings.TrimSuffix(p.Kind, "put") }

// File returns the name of the plugin's library without .so, and of its folder: in_weather.
func (p Plugin) File() string { return p.Prefix() + "_" + p.Name }

var validName = regexp.MustCompile(`^[a-z][a-z0-9]*(_[a-z0-9]+)*$`)

// Check returns why there can be no such plugin, and what to do about it.
func (p Plugin) Check() error {
	switch {
	case p.Kind != "input" && p.Kind != "output":
		return fmt.Errorf("kind %q is neither input nor output", p.Kind)
	case !validName.MatchString(p.Name):
		return fmt.Errorf("name %q: want lower case letters, digits and single underscores, such as weather or my_%s", p.Name, p.Kind)
	case strings.HasPrefix(p.Name, p.Prefix()+"_"):
		return fmt.Errorf("name %q: leave out %s_, which the file gets", p.Name, p.Prefix())
	case slices.Contains(own[p.Kind], p.Name):
		return fmt.Errorf("name %q: Fluent Bit has an %s of that name, which would be taken for it (want another, such as go_%s)",
			p.Name, p.Kind, p.Name)
	}
	return nil
}

// own are Fluent Bit's own plugins (5.1.1).
var own = map[string][]string{
	"input": strings.Fields(`blob collectd cpu disk docker docker_events dummy ebpf elasticsearch emitter event_type exec exec_wasi
		fluentbit_logs fluentbit_metrics forward gpu_metrics head health http kafka kmsg kubernetes_events lib mem mqtt netif
		nginx_metrics node_exporter_metrics opentelemetry podman_metrics proc process_exporter_metrics prometheus_remote_write
		prometheus_scrape prometheus_textfile random serial splunk statsd stdin storage_backlog stream_processor syslog systemd
		tail tcp thermal udp unix_socket windows_exporter_metrics winevtlog winlog winstat`),
	"output": strings.Fields(`azure azure_blob azure_kusto azure_logs_ingestion bigquery chronicle cloudwatch_logs counter datadog es
		exit file flowcounter forward gcs gelf http influxdb kafka kinesis_firehose kinesis_streams lib logdna loki nats nrlogs
		null opensearch opentelemetry oracle_log_analytics pgsql plot prometheus_exporter prometheus_remote_write retry s3
		skywalking slack splunk stackdriver stdout syslog tcp td udp vivo_exporter websocket`),
}

//go:embed all:templates
var templates embed.FS

// Write writes the files into dir, which it makes, and returns their names in order. A folder with anything in it, hidden
// files aside, is left as it is.
func Write(dir string, p Plugin) ([]string, error) {
	if err := p.Check(); err != nil {
		return nil, err
	}
	if err := vacant(dir); err != nil {
		return nil, err
	}
	files, err := render(p)
	if err != nil {
		return nil, err
	}
	var names []string
	for name, text := range files {
		file := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			return nil, err
		}
		if err := os.WriteFile(file, text, 0o644); err != nil {
			return nil, err
		}
		names = append(names, name)
	}
	slices.Sort(names)
	return names, nil
}

func vacant(dir string) error {
	entries, err := os.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	for _, e := range entries {
		if !strings.HasPrefix(e.Name(), ".") {
			return fmt.Errorf("folder %s is not empty: it holds %s (name a new folder)", dir, e.Name())
		}
	}
	return nil
}

func render(p Plugin) (map[string][]byte, error) {
	files := make(map[string][]byte)
	for _, root := range []string{"templates/all", "templates/" + p.Kind} {
		err := fs.WalkDir(templates, root, func(file string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() {
				return err
			}
			name := strings.TrimSuffix(strings.TrimPrefix(file, root+"/"), ".tmpl")
			files[name], err = execute(file, p)
			return err
		})
		if err != nil {
			return nil, err
		}
	}
	return files, nil
}

// execute fills in a template. Its marks are <% and %>: workflows have braces of their own.
func execute(file string, p Plugin) ([]byte, error) {
	t, err := template.New(path.Base(file)).Delims("<%", "%>").Option("missingkey=error").ParseFS(templates, file)
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	if err := t.Execute(&b, p); err != nil {
		return nil, err
	}
	if strings.HasSuffix(file, ".go.tmpl") {
		return format.Source(b.Bytes())
	}
	return b.Bytes(), nil
}

// Package deploy_test holds the files of this folder to what a machine without Docker can find out about them.
package deploy_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.yaml.in/yaml/v3"

	"github.com/calyptia/plugin/internal/engine/conffile"
	"github.com/calyptia/plugin/internal/fluentbit"
)

const example = "../examples/in_heartbeat"

// compose is as much of a compose file as the tests read.
type compose struct {
	Services map[string]struct {
		Build   string
		Volumes []string
	}
}

// object is as much of a Kubernetes object as the tests read.
type object struct {
	Kind     string
	Metadata struct{ Name string }
	Data     map[string]string
	Spec     struct {
		Template struct {
			Spec struct {
				InitContainers []container `yaml:"initContainers"`
				Containers     []container
				Volumes        []struct {
					Name      string
					EmptyDir  *struct{}             `yaml:"emptyDir"`
					ConfigMap struct{ Name string } `yaml:"configMap"`
				}
			}
		}
	}
}

type container struct {
	Name, Image  string
	Args         []string
	VolumeMounts []struct {
		Name string
		Path string `yaml:"mountPath"`
	} `yaml:"volumeMounts"`
}

// mount returns the path of a volume in the container.
func (c container) mount(t *testing.T, volume string) string {
	t.Helper()
	for _, m := range c.VolumeMounts {
		if m.Name == volume {
			return m.Path
		}
	}
	t.Fatalf("container %s does not mount %s", c.Name, volume)
	return ""
}

type workflow struct {
	Jobs map[string]struct {
		Container string
		Env       map[string]string
		Steps     []struct {
			Name, Uses, Run string
			With            map[string]string
		}
	}
}

// run returns the script of the step of that name.
func (w workflow) run(t *testing.T, name string) string {
	t.Helper()
	for _, step := range w.Jobs["build"].Steps {
		if step.Name == name {
			return step.Run
		}
	}
	t.Fatalf("github-workflow.yaml: no step %q", name)
	return ""
}

func TestImagesArePinned(t *testing.T) {
	t.Parallel()
	image := regexp.MustCompile(`(?m)^(?:FROM|\s*(?:image|container):) (\S+)`)
	release := regexp.MustCompile(`^[\w./-]+:\d+\.\d+`)
	for _, file := range []string{"Dockerfile", "kubernetes.yaml", "github-workflow.yaml"} {
		images := image.FindAllStringSubmatch(read(t, file), -1)
		if len(images) == 0 {
			t.Errorf("%s: no image", file)
		}
		for _, m := range images {
			if !release.MatchString(m[1]) {
				t.Errorf("%s: image %q has no release", file, m[1])
			}
		}
	}
}

// The files name one release of Fluent Bit and one image to build in.
func TestReleasesAgree(t *testing.T) {
	t.Parallel()
	docker, kube := read(t, "Dockerfile"), read(t, "kubernetes.yaml")
	job := parse[workflow](t, "github-workflow.yaml").Jobs["build"]
	if !strings.Contains(docker, "FROM "+job.Container+" AS build\n") {
		t.Errorf("github-workflow.yaml: container %q is not the Dockerfile's", job.Container)
	}
	for name, text := range map[string]string{"Dockerfile": docker, "kubernetes.yaml": kube} {
		if !strings.Contains(text, "fluent/fluent-bit:5.1.1\n") {
			t.Errorf("%s: no fluent/fluent-bit:5.1.1", name)
		}
	}
	if install := parse[workflow](t, "github-workflow.yaml").run(t, "Install Fluent Bit"); !strings.Contains(install, "fluent-bit=5.1.1\n") {
		t.Errorf("github-workflow.yaml: installs %q, want fluent-bit=5.1.1", install)
	}
	if got := job.Env["FLUENT_BIT"]; got != fluentbit.Packaged {
		t.Errorf("github-workflow.yaml: FLUENT_BIT = %q, want %q", got, fluentbit.Packaged)
	}
}

// In each form the path that plugins.conf names is one that the library was put at.
func TestPathsAgree(t *testing.T) {
	t.Parallel()
	conf, err := conffile.Load("fluent-bit.conf")
	if err != nil || len(conf.Plugins) != 1 {
		t.Fatalf("Load(fluent-bit.conf) = %v, %v, want one library", conf, err)
	}
	library := conf.Plugins[0].Path

	docker := read(t, "Dockerfile")
	if copied := fmt.Sprintf("COPY --from=build /src/%s %s/\n", path.Base(library), path.Dir(library)); strings.Count(docker, copied) != 2 {
		t.Errorf("Dockerfile: want %q in both images", copied)
	}
	for _, want := range []string{"COPY fluent-bit.conf plugins.conf /config/\n", `CMD ["-c", "/config/fluent-bit.conf"]`} {
		if !strings.Contains(docker, want) {
			t.Errorf("Dockerfile: no %q", want)
		}
	}

	service := parse[compose](t, "compose.yaml").Services["fluent-bit"]
	want := []string{"./fluent-bit.conf:/config/fluent-bit.conf:ro", "./plugins.conf:/config/plugins.conf:ro"}
	if diff := cmp.Diff(want, service.Volumes); service.Build != "." || diff != "" {
		t.Errorf("compose.yaml: build %q, volumes (-want +got):\n%s", service.Build, diff)
	}
}

// What the init container copies is what the other one loads.
func TestKubernetes(t *testing.T) {
	t.Parallel()
	objects := parseAll[object](t, "kubernetes.yaml")
	if len(objects) != 2 || objects[0].Kind != "ConfigMap" || objects[1].Kind != "DaemonSet" {
		t.Fatalf("kubernetes.yaml: %v, want a ConfigMap and a DaemonSet", objects)
	}
	for _, file := range []string{"fluent-bit.conf", "plugins.conf"} {
		if diff := cmp.Diff(read(t, file), objects[0].Data[file]); diff != "" {
			t.Errorf("ConfigMap: %s (-file +map):\n%s", file, diff)
		}
	}
	pod := objects[1].Spec.Template.Spec
	first, main := pod.InitContainers[0], pod.Containers[0]
	copies := fmt.Sprintf(`CMD ["cp", "/plugins/in_heartbeat.so", "%s/"]`, first.mount(t, "plugins"))
	if !strings.Contains(read(t, "Dockerfile"), copies) {
		t.Errorf("Dockerfile: no %s", copies)
	}
	if load := "Path " + main.mount(t, "plugins") + "/in_heartbeat.so\n"; !strings.Contains(objects[0].Data["plugins.conf"], load) {
		t.Errorf("ConfigMap: plugins.conf has no %q", load)
	}
	if diff := cmp.Diff([]string{"-c", main.mount(t, "config") + "/fluent-bit.conf"}, main.Args); diff != "" {
		t.Errorf("args (-want +got):\n%s", diff)
	}
	var volumes []string
	for _, v := range pod.Volumes {
		if v.EmptyDir != nil {
			volumes = append(volumes, v.Name+" empty")
		}
		if v.ConfigMap.Name == objects[0].Metadata.Name {
			volumes = append(volumes, v.Name+" configured")
		}
	}
	if diff := cmp.Diff([]string{"plugins empty", "config configured"}, volumes); diff != "" {
		t.Errorf("volumes (-want +got):\n%s", diff)
	}
}

// The library is built with the Dockerfile's command, in a module of its own as an author has it, and run as the workflow runs it.
func TestBuild(t *testing.T) {
	t.Parallel()
	flow := parse[workflow](t, "github-workflow.yaml")
	command := regexp.MustCompile(`(?m)^RUN (go build .*)$`).FindStringSubmatch(read(t, "Dockerfile"))
	if command == nil || command[1] != flow.run(t, "Build") {
		t.Fatalf("Dockerfile builds with %q, github-workflow.yaml with %q", command, flow.run(t, "Build"))
	}
	dir := module(t)
	shell(t, dir, flow.run(t, "Test"), "CGO_ENABLED=0")
	if cc, err := exec.Command("go", "env", "CC").Output(); err != nil {
		t.Fatal(err)
	} else if _, err := exec.LookPath(string(bytes.TrimSpace(cc))); err != nil || runtime.GOOS != "linux" {
		t.Skipf("needs a C compiler, on Linux: %v", err)
	}
	shell(t, dir, command[1], "CGO_ENABLED=1")
	if _, err := os.Stat(filepath.Join(dir, "in_heartbeat.so")); err != nil {
		t.Fatal(err)
	}
	engine := fluentbit.ForTest(t, 2, 1, 0)
	shell(t, dir, flow.run(t, "Run"), "FLUENT_BIT="+engine)

	// As in the image, but for where the files are, and without a port that another process may have.
	here := strings.NewReplacer("/plugins/", dir+"/", "HTTP_Server   On", "HTTP_Server   Off")
	for _, name := range []string{"fluent-bit.conf", "plugins.conf"} {
		write(t, filepath.Join(dir, name), here.Replace(read(t, name)))
	}
	shell(t, t.TempDir(), `timeout --foreground -k 10 4 "$FLUENT_BIT" -c "$DIR/fluent-bit.conf" | grep '"role":"db"'`, "FLUENT_BIT="+engine, "DIR="+dir, "ROLE=db")
}

// module copies the example into a module of its own.
func module(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	root, err := filepath.Abs("..")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"main.go", "main_test.go"} {
		write(t, filepath.Join(dir, name), read(t, filepath.Join(example, name)))
	}
	mod := strings.Replace(read(t, "../go.mod"), "module github.com/calyptia/plugin\n", "module example.com/heartbeat\n", 1)
	mod += "\nrequire github.com/calyptia/plugin v0.0.0\n\nreplace github.com/calyptia/plugin => " + root + "\n"
	write(t, filepath.Join(dir, "go.mod"), mod)
	write(t, filepath.Join(dir, "go.sum"), read(t, "../go.sum"))
	return dir
}

func shell(t *testing.T, dir, script string, env ...string) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "sh", "-ec", script)
	cmd.Dir, cmd.Env = dir, append(os.Environ(), env...)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%s: %v\n%s", script, err, out)
	}
}

func parse[T any](t *testing.T, file string) T {
	t.Helper()
	return parseAll[T](t, file)[0]
}

// parseAll reads a file's documents. Fields that T does not have are skipped.
func parseAll[T any](t *testing.T, file string) (all []T) {
	t.Helper()
	for dec := yaml.NewDecoder(strings.NewReader(read(t, file))); ; {
		var doc T
		switch err := dec.Decode(&doc); {
		case errors.Is(err, io.EOF):
			return all
		case err != nil:
			t.Fatalf("%s: %v", file, err)
		}
		all = append(all, doc)
	}
}

func read(t *testing.T, file string) string {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func write(t *testing.T, file, text string) {
	t.Helper()
	if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

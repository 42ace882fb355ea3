package plugin_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"

	"github.com/calyptia/plugin"
	"github.com/calyptia/plugin/record"
)

type postConfig struct {
	URL *url.URL `flb:"url" validate:"required" desc:"Where to post lines of JSON"`
}

type post struct{ conf postConfig }

func (p *post) Init(_ context.Context, fbit *plugin.Instance[postConfig]) error {
	p.conf = fbit.Conf
	return nil
}

// Flush may run several times at once: p is only read.
func (p *post) Flush(ctx context.Context, batch *plugin.Batch[record.Raw]) error {
	lines, err := batch.AppendJSON(nil, record.JSONFormat{})
	if err != nil {
		return err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, p.conf.URL.String(), bytes.NewReader(lines))
	if err != nil {
		return err
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return err // nobody there: the engine tries again
	}
	defer resp.Body.Close()
	switch err := fmt.Errorf("status %s", resp.Status); {
	case resp.StatusCode < 300:
		return nil
	case resp.StatusCode == http.StatusTooManyRequests || resp.StatusCode >= 500:
		return err
	default:
		return plugin.Drop(err) // it would be refused again
	}
}

// In a plugin, register is func init. Here the engine is a function that delivers a chunk.
func ExampleOutputPlugin() {
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		fmt.Print(string(body))
		if err != nil {
			fmt.Println(err)
		}
	}))
	defer server.Close()
	register := func() { plugin.RegisterOutput("post", "Lines of JSON to a server", &post{}) }
	deliverTo(host("url", server.URL), encoded([]order{{1, 9.5}, {2, 12}}), register)
	// Output:
	// {"id":1,"amount":9.5}
	// {"id":2,"amount":12}
	// the engine has delivered the chunk
}

// Command out_http is an output that posts events to an HTTP server as lines of JSON (NDJSON), compressed.
//
// A chunk is one request, or several if it is larger than batch_bytes. What becomes of its events is the answer's to say:
//
//	2xx                        delivered
//	408, 429, 3xx, 5xx, none   these events, and those not yet sent, are tried again
//	any other 4xx              these events are given up: they would get the same answer again
//
// An answer that is lost on its way has its events sent twice.
//
//	go run ./cmd/flbgo run --for 5s examples/out_http
package main

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"

	"github.com/calyptia/plugin"
	"github.com/calyptia/plugin/metric"
	"github.com/calyptia/plugin/record"
)

func init() {
	plugin.RegisterOutput("go_http", "Events as JSON lines to an HTTP server", &output{})
}

func main() {}

// output is one [OUTPUT] section. Init sets it up, and nothing changes it later: Flush is called concurrently if the section
// sets workers above 1.
type output struct {
	conf    settings
	format  record.JSONFormat
	header  http.Header
	client  *http.Client
	refused metric.Counter
}

func (o *output) Init(_ context.Context, fbit *plugin.Instance[settings]) error {
	transport, err := fbit.Conf.transport()
	if err != nil {
		return err
	}
	o.conf, o.format, o.header = fbit.Conf, fbit.Conf.format(), fbit.Conf.header()
	o.client = &http.Client{
		Transport: transport,
		// A redirected POST becomes a GET without a body, and its 200 would be taken for a delivery.
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	o.refused = fbit.Metrics.NewCounter("refused_events_total", "Events that the server refused for good").With()
	return nil
}

func (o *output) Close(context.Context) error {
	o.client.CloseIdleConnections()
	return nil
}

func (o *output) Flush(ctx context.Context, batch *plugin.Batch[record.Raw]) error {
	lines, err := batch.AppendJSON(nil, o.format)
	if err != nil {
		return err // a chunk that cannot be read: the engine gives it up
	}
	var refused error
	for done := 0; len(lines) > 0; {
		body := lines[:cut(lines, int(o.conf.BatchBytes))]
		n := bytes.Count(body, []byte{'\n'})
		var no *answer
		switch err := o.post(ctx, body); {
		case errors.As(err, &no) && no.final():
			o.refused.Add(float64(n))
			refused = errors.Join(refused, fmt.Errorf("%d events refused: %w", n, err))
		case err != nil: // the server would hardly like the next request better
			return plugin.Partial(errors.Join(refused, err), rest(batch, done)...)
		}
		lines, done = lines[len(body):], done+n
	}
	return plugin.Drop(refused)
}

// cut returns the length of the whole lines that fit into size bytes, or of the first one if that is longer.
func cut(lines []byte, size int) int {
	if len(lines) <= size {
		return len(lines)
	}
	if end := bytes.LastIndexByte(lines[:size], '\n'); end >= 0 {
		return end + 1
	}
	return bytes.IndexByte(lines, '\n') + 1
}

// rest returns the indexes of the batch's events but for the first done ones, or none, which stands for all, if done is 0.
func rest(batch *plugin.Batch[record.Raw], done int) (indexes []int) {
	if done == 0 {
		return nil
	}
	n := 0
	for ev := range batch.Events() {
		if n++; n > done {
			indexes = append(indexes, ev.Index())
		}
	}
	return indexes
}

// post sends one request. Its error is an *answer if the server has given one.
func (o *output) post(ctx context.Context, lines []byte) error {
	ctx, cancel := context.WithTimeout(ctx, o.conf.Timeout)
	defer cancel()
	body, err := o.encode(lines)
	if err != nil {
		return err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, o.conf.Endpoint.String(), body)
	if err != nil {
		return err
	}
	req.Header = o.header.Clone()
	req.Host = req.Header.Get("Host") // if empty, the endpoint's
	resp, err := o.client.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	return judge(resp)
}

func (o *output) encode(lines []byte) (*bytes.Reader, error) {
	if o.conf.Compress == "none" {
		return bytes.NewReader(lines), nil
	}
	var packed bytes.Buffer
	w := gzip.NewWriter(&packed)
	_, err := w.Write(lines)
	err = errors.Join(err, w.Close())
	return bytes.NewReader(packed.Bytes()), err
}

// answer is one that is no success.
type answer struct {
	code int
	text string
}

func (a *answer) Error() string { return a.text }

// final tells whether the same events would get the same answer again.
func (a *answer) final() bool {
	return a.code/100 == 4 && a.code != http.StatusRequestTimeout && a.code != http.StatusTooManyRequests
}

// The connection is used again only if the answer has been read to its end.
const (
	shown   = 200      // bytes of an answer that are logged
	drained = 64 << 10 // bytes that are read for the sake of the connection
)

func judge(resp *http.Response) error {
	first, _ := io.ReadAll(io.LimitReader(resp.Body, shown))
	_, _ = io.CopyN(io.Discard, resp.Body, drained)
	if resp.StatusCode/100 == 2 {
		return nil
	}
	text := resp.Status
	if to, err := resp.Location(); err == nil {
		text += " to " + to.Redacted() + ", and redirects are not followed"
	}
	if after := resp.Header.Get("Retry-After"); after != "" { // when is the engine's to say: scheduler.base and scheduler.cap
		text += ", Retry-After " + after
	}
	if len(first) > 0 {
		text += fmt.Sprintf(": %q", first)
	}
	return &answer{resp.StatusCode, text}
}

package plugin

import (
	"log/slog"
	"time"

	"github.com/calyptia/plugin/internal/capture"
	"github.com/calyptia/plugin/internal/proxy"
)

// recorder keeps an output's chunks, and what became of them, for a replay. It never stands in the way of a delivery: its
// problems are logged. nil keeps nothing.
type recorder struct {
	section string
	logger  *slog.Logger
	file    *capture.File
}

func newRecorder(s *section, own outputProperties) *recorder {
	if own.Capture == "" {
		return nil
	}
	options := capture.Options{MaxFile: int64(own.CaptureLimit), Redact: own.CaptureRedact}
	file, err := capture.Open(own.Capture, options, func(err error) { s.logger.Warn("capture is not complete", "error", err) })
	if err != nil {
		s.logger.Error("nothing is captured", "error", err)
		return nil
	}
	s.logger.Info("capture begins", "file", own.Capture, "limit", own.CaptureLimit)
	return &recorder{s.host.Name(), s.logger, file}
}

// listen returns an answer that also writes down what it answers, while the chunk is still there.
func (r *recorder) listen(tag string, chunk []byte, answer func(proxy.Verdict)) func(proxy.Verdict) {
	if r == nil {
		return answer
	}
	began := time.Now()
	return func(v proxy.Verdict) {
		r.file.Add(capture.Item{Time: began, Section: r.section, Tag: tag, Chunk: chunk, Verdict: capture.Verdict(v.String())})
		answer(v)
	}
}

func (r *recorder) close() {
	if r == nil {
		return
	}
	n, err := r.file.Close()
	if err != nil {
		r.logger.Warn("capture is not complete", "error", err)
	}
	r.logger.Info("capture ends", "chunks", n.Written, "left_out", n.LeftOut)
}

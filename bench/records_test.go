package bench

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"time"
)

const (
	ringLen  = 64  // records that are encoded in turn
	chunkLen = 256 // events of the chunk that is decoded
)

// event is a record with the time that it is encoded with.
type event[R any] struct {
	time   time.Time
	record R
}

// events makes n distinct events, the same ones on every run.
func events[R any](n int, record func(*rand.Rand) R) []event[R] {
	rng := rand.New(rand.NewPCG(1, 2))
	all := make([]event[R], n)
	for i := range all {
		all[i] = event[R]{randomTime(rng), record(rng)}
	}
	return all
}

func randomTime(rng *rand.Rand) time.Time {
	return time.Unix(1_800_000_000+rng.Int64N(1e6), rng.Int64N(1e9)).UTC()
}

func pick[T any](rng *rand.Rand, all ...T) T { return all[rng.IntN(len(all))] }

// text is words of n bytes in all.
func text(rng *rand.Rand, n int) string {
	var b strings.Builder
	for b.Len() < n {
		b.WriteString(pick(rng, "order ", "accepted ", "by ", "payment ", "retry ", "in ", "queue ", "user ", "from ", "cache "))
	}
	return b.String()[:n]
}

func newS(rng *rand.Rand) S {
	return S{
		Level:   pick(rng, "info", "warn", "info", "error"),
		Message: text(rng, 26+rng.IntN(8)),
		Host:    fmt.Sprintf("web-%02d.example", rng.IntN(100)),
		Status:  pick(rng, 200, 204, 301, 404, 500),
	}
}

func newA(rng *rand.Rand) A {
	return A{
		Remote:   fmt.Sprintf("10.%d.%d.%d", rng.IntN(256), rng.IntN(256), rng.IntN(256)),
		User:     pick(rng, "alice", "bob", "-", "carol"),
		Method:   pick(rng, "GET", "POST", "PUT"),
		Path:     fmt.Sprintf("/api/v1/customers/orders/%d/items?page=%d&sort=created", rng.IntN(1e6), rng.IntN(100)),
		Status:   pick(rng, 200, 204, 301, 404, 500),
		Bytes:    rng.Int64N(1 << 20),
		Duration: rng.Float64(),
		Referer:  fmt.Sprintf("https://www.shop.example/catalogue/products/%d?utm_source=newsletter", rng.IntN(1e6)),
		Agent:    "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/" + pick(rng, "140", "141") + ".0.0.0",
		Upstream: Upstream{
			Addr:     fmt.Sprintf("10.1.%d.%d:8080", rng.IntN(256), rng.IntN(256)),
			Status:   pick(rng, 200, 404, 502),
			Duration: rng.Float64(),
		},
		Labels: map[string]string{
			"app":       pick(rng, "frontend", "checkout", "search"),
			"namespace": pick(rng, "production", "staging"),
			"pod_name":  fmt.Sprintf("frontend-deployment-%08x-%05x", rng.Uint32(), rng.IntN(1<<20)),
			"node_name": fmt.Sprintf("worker-%02d.eu-1.compute.example.net", rng.IntN(100)),
			"zone":      pick(rng, "eu-central-1a", "eu-central-1b"),
		},
		Tags: []string{pick(rng, "http", "https"), pick(rng, "edge", "internal"), text(rng, 24)},
	}
}

func newM(rng *rand.Rand) M {
	a := newA(rng)
	labels := M{}
	for k, v := range a.Labels {
		labels[k] = v
	}
	var tags []any
	for _, v := range a.Tags {
		tags = append(tags, v)
	}
	return M{
		"remote": a.Remote, "user": a.User, "method": a.Method, "path": a.Path, "status": int64(a.Status),
		"bytes": a.Bytes, "duration": a.Duration, "referer": a.Referer, "user_agent": a.Agent,
		"upstream": M{"addr": a.Upstream.Addr, "status": int64(a.Upstream.Status), "duration": a.Upstream.Duration},
		"labels":   labels, "tags": tags,
	}
}

func newSyslog(rng *rand.Rand) Syslog {
	return Syslog{
		Facility: pick(rng, "daemon", "auth", "kern", "local7"),
		Severity: rng.IntN(8),
		Host:     fmt.Sprintf("db-%02d.eu-1.example.net", rng.IntN(100)),
		Ident:    pick(rng, "sshd", "systemd", "postgres"),
		PID:      rng.IntN(1 << 22),
		MsgID:    fmt.Sprintf("ID%d", rng.IntN(100)),
		Sequence: rng.Uint64N(1 << 40),
		Message:  text(rng, 90+rng.IntN(20)),
	}
}

func newMix(rng *rand.Rand) Mix {
	m := Mix{
		Trace:   make([]byte, 16),
		Name:    pick(rng, "GET /cart", "POST /orders", "render"),
		Started: randomTime(rng),
		Attrs: map[string]any{
			"http.method": pick(rng, "GET", "POST"),
			"http.status": int64(pick(rng, 200, 404, 500)),
			"http.ratio":  rng.Float64(),
			"sampled":     rng.IntN(2) == 0,
			"resource":    map[string]any{"service": pick(rng, "frontend", "checkout"), "replica": rng.Int64N(100)},
		},
		Code:    rng.Uint32(),
		Load:    rng.Float32(),
		Message: text(rng, 76+rng.IntN(20)),
	}
	for i := range m.Trace {
		m.Trace[i] = byte(rng.Uint32())
	}
	if rng.IntN(4) > 0 {
		parent := fmt.Sprintf("%016x", rng.Uint64())
		m.Parent = &parent
	}
	return m
}

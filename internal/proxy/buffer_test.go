package proxy_test

import (
	"bytes"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/calyptia/plugin/internal/proxy"
	"github.com/calyptia/plugin/internal/proxy/proxytest"
	"github.com/google/go-cmp/cmp"
)

// settle is for engines that keep nothing for longer than that.
const settle = 300 * time.Millisecond

func TestBufferKeepsOrderByTag(t *testing.T) {
	t.Parallel()
	b := proxy.NewBuffer(1000, settle, nil)
	for _, add := range [][2]string{{"x", "1"}, {"y", "a"}, {"x", "2"}, {"", "."}, {"y", "b"}} {
		b.Add(add[0], []byte(add[1]), 1, nil)
	}
	if got := b.Size(); got != 5 {
		t.Errorf("Size = %d, want 5", got)
	}
	var engine proxytest.Engine
	if err := b.Deliver(engine.Append); err != nil {
		t.Fatal(err)
	}
	want := []proxytest.Append{{Tag: "x", Events: []byte("12")}, {Tag: "y", Events: []byte("ab")}, {Events: []byte(".")}}
	if diff := cmp.Diff(want, engine.Appends()); diff != "" {
		t.Errorf("appends (-want +got)\n%s", diff)
	}
	if got := b.Size(); got != 0 {
		t.Errorf("Size after delivery = %d, want 0", got)
	}
}

func TestBufferCutsPieces(t *testing.T) {
	t.Parallel()
	const most = 1 << 20
	b := proxy.NewBuffer(1, settle, nil)
	event := bytes.Repeat([]byte("e"), 100_000)
	for range 25 {
		b.Add("", event, 1, nil)
	}
	b.Add("", bytes.Repeat([]byte("E"), 3*most), 1, nil)
	var engine proxytest.Engine
	if err := b.Deliver(engine.Append); err != nil {
		t.Fatal(err)
	}
	var sizes []int
	for _, a := range engine.Appends() {
		sizes = append(sizes, len(a.Events))
	}
	if diff := cmp.Diff([]int{1_000_000, 1_000_000, 500_000, 3 * most}, sizes); diff != "" {
		t.Errorf("sizes of pieces (-want +got)\n%s", diff)
	}
}

func TestBufferRefusedPieceStays(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		takenRecords, takenBytes := 0, 0
		b := proxy.NewBuffer(1000, settle, func(records, bytes int) { takenRecords, takenBytes = takenRecords+records, takenBytes+bytes })
		accepted := 0
		b.Add("x", []byte("1"), 1, func() { accepted++ })
		full := errors.New("full")
		if err := b.Deliver(func(string, []byte) error { return full }); !errors.Is(err, full) {
			t.Errorf("Deliver = %v, want %v", err, full)
		}
		b.Add("x", []byte("2"), 1, func() { accepted++ })
		if accepted != 0 || b.Size() != 2 || takenRecords != 0 {
			t.Errorf("accepted, Size, taken = %d, %d, %d after a refusal, want 0, 2, 0", accepted, b.Size(), takenRecords)
		}
		var engine proxytest.Engine
		if err := b.Deliver(engine.Append); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Second) // of virtual time
		b.Settle()
		if got := string(engine.Events("x")); got != "12" || accepted != 2 || takenRecords != 2 || takenBytes != 2 {
			t.Errorf("events, accepted, records and bytes taken = %q, %d, %d, %d, want 12, 2, 2, 2", got, accepted, takenRecords, takenBytes)
		}
	})
}

func TestBufferLater(t *testing.T) {
	t.Parallel()
	b := proxy.NewBuffer(1000, settle, nil)
	b.Add("x", []byte("1"), 1, nil)
	if err := b.Deliver(func(string, []byte) error { return proxy.ErrLater }); err != nil || b.Size() != 1 {
		t.Errorf("Deliver = %v, Size %d, want nil, 1", err, b.Size())
	}
}

func TestBufferRoom(t *testing.T) {
	t.Parallel()
	b := proxy.NewBuffer(10, settle, nil)
	b.Add("", []byte("123456789"), 1, nil)
	if b.Full() {
		t.Error("Full with 9 of 10 bytes = true, want false")
	}
	b.Add("", []byte("0"), 1, nil)
	if !b.Full() {
		t.Error("Full with 10 of 10 bytes = false, want true")
	}
	if err := b.Deliver((&proxytest.Engine{}).Append); err != nil {
		t.Fatal(err)
	}
	select {
	case <-b.Room():
	default:
		t.Error("Room received nothing after a delivery")
	}
	if b.Full() {
		t.Error("Full after a delivery = true, want false")
	}
}

// A section that always has a whole piece waiting is served for a while, not for ever.
func TestBufferTurnEnds(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := proxy.NewBuffer(1, settle, nil)
		piece := []byte(strings.Repeat("e", 1<<20))
		b.Add("", piece, 1, nil)
		start, n := time.Now(), 0
		err := b.Deliver(func(string, []byte) error {
			n++
			time.Sleep(100 * time.Millisecond) // of virtual time
			b.Add("", piece, 1, nil)
			b.Add("", piece, 1, nil)
			return nil
		})
		if took := time.Since(start); err != nil || n < 5 || took < time.Second || took > 1200*time.Millisecond {
			t.Errorf("Deliver gave %d pieces in %v, %v, want several in a little over a second", n, took, err)
		}
		if got, want := b.Size(), (1+n)<<20; got != want {
			t.Errorf("Size = %d, want %d", got, want)
		}
	})
}

func TestBufferSettles(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := proxy.NewBuffer(1, settle, nil)
		var accepted []int
		var engine proxytest.Engine
		for i := range 3 {
			b.Add("", nil, 0, func() { accepted = append(accepted, i) })
			if err := b.Deliver(engine.Append); err != nil || len(engine.Appends()) != 0 {
				t.Errorf("Deliver = %v, %d appends, want nil, none without events", err, len(engine.Appends()))
			}
			time.Sleep(200 * time.Millisecond) // of virtual time
		}
		b.Settle()
		if diff := cmp.Diff([]int{0, 1}, accepted); diff != "" || b.Unsettled() != 1 {
			t.Errorf("%d unsettled, want 1; accepted (-want +got)\n%s", b.Unsettled(), diff)
		}
		b.Unsettle()
		time.Sleep(200 * time.Millisecond)
		if b.Settle(); len(accepted) != 2 {
			t.Errorf("accepted %v, want nothing more so soon", accepted)
		}
		time.Sleep(200 * time.Millisecond)
		if b.Settle(); len(accepted) != 3 || b.Unsettled() != 0 {
			t.Errorf("accepted %v, %d unsettled, want all, 0", accepted, b.Unsettled())
		}
	})
}

func BenchmarkBufferAdd(b *testing.B) {
	buffer := proxy.NewBuffer(32<<20, settle, nil)
	event := bytes.Repeat([]byte("e"), 96)
	taken := func(string, []byte) error { return nil }
	b.SetBytes(int64(len(event)))
	b.ReportAllocs()
	for b.Loop() {
		buffer.Add("", event, 1, nil)
		if buffer.Full() {
			_ = buffer.Deliver(taken)
		}
	}
}

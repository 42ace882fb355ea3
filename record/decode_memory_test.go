package record

import (
	"bytes"
	"reflect"
	"runtime"
	"strings"
	"testing"
)

// hostile are bodies whose heads claim far more than is there, or as much as can be.
func hostile(t *testing.T) map[string][]byte {
	t.Helper()
	key := unhex(t, "81 a16b")
	junk := bytes.Repeat([]byte{0xc0}, 20_000)
	body := func(parts ...[]byte) []byte { return bytes.Join(append([][]byte{key}, parts...), nil) }
	few := junk[:200] // room for what one level claims, not for all of them
	million, all := "dd00100000", "dd00004e20"
	return map[string][]byte{
		"array32":                body(unhex(t, "ddffffffff"), junk),
		"map32":                  body(unhex(t, "dfffffffff"), junk),
		"a million":              body(unhex(t, million), junk),
		"a million in a million": body(unhex(t, strings.Repeat(million, 100)), junk),
		"as many as bytes":       body(unhex(t, strings.Repeat(all, 100)), junk),
		"as many pairs as bytes": body(unhex(t, strings.Repeat("df00002600", 100)), junk),
		"maps by key":            body(unhex(t, strings.Repeat("df00002600a16b", 100)), junk),
		"60 at each level":       body(unhex(t, strings.Repeat("dc003c", 120)), few),
		"60 pairs at each level": body(unhex(t, strings.Repeat("de003ca16b", 120)), few),
		"65 at each level":       body(unhex(t, strings.Repeat("dc0041", 120)), few),
		"record of a million":    append(unhex(t, "df00100000"), junk...),
		"string":                 body(unhex(t, "dbffffffff"), junk),
		"binary":                 body(unhex(t, "c600ffffff"), junk),
		"extension":              body(unhex(t, "c900ffffff05"), junk),
		"key":                    append(unhex(t, "81 db00ffffff"), junk...),
		"array as key":           append(unhex(t, "81"+strings.Repeat(million, 50)), junk...),
	}
}

type (
	memoryTree struct {
		K []memoryTree `msgpack:"k"`
		S string
	}
	memoryPairs struct {
		K map[string]map[string]string `msgpack:"k"`
	}
	memoryWords struct {
		K []string `msgpack:"k"`
	}
	memoryAny struct {
		K any `msgpack:"k"`
		N int
	}
	memoryLists struct {
		K [][][][]int64 `msgpack:"k"`
	}
)

// TestDecodeMemory bounds what is allocated for a chunk by its size: a copy, and values that are there.
func TestDecodeMemory(t *testing.T) { // not parallel: it measures
	types := []reflect.Type{
		reflect.TypeFor[any](), reflect.TypeFor[map[string]any](), reflect.TypeFor[memoryTree](), reflect.TypeFor[memoryPairs](),
		reflect.TypeFor[memoryWords](), reflect.TypeFor[memoryAny](), reflect.TypeFor[memoryLists](), reflect.TypeFor[customs](),
		reflect.TypeFor[map[string]map[string]string](), reflect.TypeFor[map[string][][][]string](), reflect.TypeFor[struct{ X int }](),
	}
	for name, body := range hostile(t) {
		chunk := append(unhex(t, emptyHead), body...)
		most := uint64(5*len(chunk) + 200_000)
		for _, typ := range types {
			for _, m := range modes {
				dec := decoderOf(t, typ, m)
				r := reflect.New(typ).Elem()
				allocated := allocatedBy(func() {
					s := NewScanner(chunk)
					if ok, err := dec.Next(s, at(r)); ok || err != nil || s.Err() == nil {
						t.Errorf("%s: Next() into %s = %t, %v, %v, want an error of the chunk", name, typ, ok, err, s.Err())
					}
				})
				if allocated > most {
					t.Errorf("%s, %s: Next() into %s allocated %d bytes for a chunk of %d, want at most %d", name, m.name, typ, allocated, len(chunk), most)
				}
			}
		}
		if allocated := allocatedBy(func() { _, _ = Count(chunk) }); allocated > most {
			t.Errorf("%s: Count() allocated %d bytes for a chunk of %d, want at most %d", name, allocated, len(chunk), most)
		}
	}
}

// allocatedBy is in bytes, those of other goroutines included.
func allocatedBy(f func()) uint64 {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	f()
	runtime.ReadMemStats(&after)
	return after.TotalAlloc - before.TotalAlloc
}

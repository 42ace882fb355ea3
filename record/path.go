package record

import (
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// maxText bounds what is quoted of a key or value in errors, in bytes.
const maxText = 40

// pathTo names the value in b that the byte at off belongs to. It is for errors:
// a walk over all that precedes the byte.
func pathTo(b []byte, off int) string {
	path, _ := (&reader{b: b}).find(off)
	return path
}

// find walks over a value. It reports true where off, or the end of what can be read, is in it.
func (r *reader) find(off int) (string, bool) {
	t, err := r.next()
	if err != nil {
		return "", true
	}
	if t.kind != kindArray && t.kind != kindMap {
		return "", off < r.off
	}
	if off < r.off {
		return "", true
	}
	for i := range t.n {
		key := *r
		if t.kind == kindMap {
			if _, ok := r.find(off); ok {
				return "", true
			}
		}
		path, ok := r.find(off)
		if !ok {
			continue
		}
		if t.kind == kindMap {
			return join(pathName(key.key()), path), true
		}
		return join(indexName(i), path), true
	}
	return "", false
}

// key reads a map key in string form.
func (r *reader) key() string {
	d := decodeState{reader: *r}
	key, _ := d.key()
	r.off = d.off
	return key
}

// join puts a field's path behind its parent's.
func join(parent, path string) string {
	if parent == "" || path == "" || path[0] == '[' {
		return parent + path
	}
	return parent + "." + path
}

// pathName is a key as part of a path, quoted if it would not be recognised.
func pathName(key string) string {
	odd := func(c rune) bool {
		return !unicode.IsPrint(c) || c == utf8.RuneError || strings.ContainsRune(`. []":`, c)
	}
	if key == "" || len(key) > maxText || strings.ContainsFunc(key, odd) {
		return strconv.Quote(cut(key))
	}
	return key
}

func cut(s string) string {
	if len(s) > maxText {
		return s[:maxText] + "…"
	}
	return s
}

// String describes a value for errors: `string "ok"`, `integer 7`.
func (t token) String() string {
	switch t.kind {
	case kindBool:
		return "bool " + strconv.FormatBool(t.bits == 1)
	case kindUint:
		return "integer " + strconv.FormatUint(t.bits, 10)
	case kindInt:
		return "integer " + strconv.FormatInt(int64(t.bits), 10)
	case kindFloat:
		return "float " + strconv.FormatFloat(t.float(), 'g', -1, 64)
	case kindString:
		return "string " + strconv.Quote(cut(string(t.data[:min(len(t.data), maxText+1)])))
	case kindBinary:
		return "binary of " + strconv.Itoa(len(t.data)) + " bytes"
	case kindArray:
		return "array of " + strconv.Itoa(t.n)
	case kindMap:
		return "map of " + strconv.Itoa(t.n)
	case kindExt:
		return "extension " + strconv.Itoa(int(t.ext)) + " of " + strconv.Itoa(len(t.data)) + " bytes"
	}
	return "nil"
}

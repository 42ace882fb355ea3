package bench

import "time"

// What an expert would write for each type: one pass over the chunk, a switch on the key, strings that alias the chunk,
// maps and slices reused. They are the yardstick, so they check all that a decoder must: bounds, times, absent fields.

// nextS reads the event at b[i:] and returns where the next one is.
func nextS(b []byte, i int, r *S) (t time.Time, _ int, err error) {
	*r = S{}
	t, i, err = readHeader(b, i)
	if err != nil {
		return t, i, err
	}
	n, i, err := readMapHead(b, i)
	if err != nil {
		return t, i, err
	}
	for ; n > 0; n-- {
		key, after := shortString(b, i)
		if after == 0 {
			if key, after, err = readString(b, i); err != nil {
				return t, i, err
			}
		}
		i = after
		switch key {
		case "level":
			r.Level, i, err = readString(b, i)
		case "message":
			r.Message, i, err = readString(b, i)
		case "host":
			r.Host, i, err = readString(b, i)
		case "status":
			r.Status, i, err = readInt(b, i)
		default:
			i, err = skip(b, i)
		}
		if err != nil {
			return t, i, err
		}
	}
	return t, i, nil
}

func nextA(b []byte, i int, r *A) (t time.Time, _ int, err error) {
	clear(r.Labels)
	*r = A{Labels: r.Labels, Tags: r.Tags[:0]}
	t, i, err = readHeader(b, i)
	if err != nil {
		return t, i, err
	}
	n, i, err := readMapHead(b, i)
	if err != nil {
		return t, i, err
	}
	for ; n > 0; n-- {
		key, after := shortString(b, i)
		if after == 0 {
			if key, after, err = readString(b, i); err != nil {
				return t, i, err
			}
		}
		i = after
		switch key {
		case "remote":
			r.Remote, i, err = readString(b, i)
		case "user":
			r.User, i, err = readString(b, i)
		case "method":
			r.Method, i, err = readString(b, i)
		case "path":
			r.Path, i, err = readString(b, i)
		case "status":
			r.Status, i, err = readInt(b, i)
		case "bytes":
			r.Bytes, i, err = readInt64(b, i)
		case "duration":
			r.Duration, i, err = readFloat64(b, i)
		case "referer":
			r.Referer, i, err = readString(b, i)
		case "user_agent":
			r.Agent, i, err = readString(b, i)
		case "upstream":
			i, err = readUpstream(b, i, &r.Upstream)
		case "labels":
			i, err = readLabels(b, i, &r.Labels)
		case "tags":
			r.Tags, i, err = readStrings(b, i, r.Tags)
		default:
			i, err = skip(b, i)
		}
		if err != nil {
			return t, i, err
		}
	}
	return t, i, nil
}

func readUpstream(b []byte, i int, r *Upstream) (_ int, err error) {
	if atNil(b, i) {
		return i + 1, nil
	}
	n, i, err := readMapHead(b, i)
	if err != nil {
		return i, err
	}
	for ; n > 0; n-- {
		key, after := shortString(b, i)
		if after == 0 {
			if key, after, err = readString(b, i); err != nil {
				return i, err
			}
		}
		i = after
		switch key {
		case "addr":
			r.Addr, i, err = readString(b, i)
		case "status":
			r.Status, i, err = readInt(b, i)
		case "duration":
			r.Duration, i, err = readFloat64(b, i)
		default:
			i, err = skip(b, i)
		}
		if err != nil {
			return i, err
		}
	}
	return i, nil
}

func readLabels(b []byte, i int, m *map[string]string) (_ int, err error) {
	if atNil(b, i) {
		return i + 1, nil
	}
	n, i, err := readMapHead(b, i)
	if err != nil {
		return i, err
	}
	if *m == nil {
		*m = make(map[string]string, n)
	}
	for ; n > 0; n-- {
		var k, v string
		if k, i, err = readString(b, i); err != nil {
			return i, err
		}
		if v, i, err = readString(b, i); err != nil {
			return i, err
		}
		(*m)[k] = v
	}
	return i, nil
}

func readStrings(b []byte, i int, s []string) (_ []string, _ int, err error) {
	if atNil(b, i) {
		return s, i + 1, nil
	}
	n, i, err := readArrayHead(b, i)
	if err != nil {
		return s, i, err
	}
	for ; n > 0; n-- {
		var v string
		if v, i, err = readString(b, i); err != nil {
			return s, i, err
		}
		s = append(s, v)
	}
	return s, i, nil
}

func nextSyslog(b []byte, i int, r *Syslog) (t time.Time, _ int, err error) {
	*r = Syslog{}
	t, i, err = readHeader(b, i)
	if err != nil {
		return t, i, err
	}
	n, i, err := readMapHead(b, i)
	if err != nil {
		return t, i, err
	}
	for ; n > 0; n-- {
		key, after := shortString(b, i)
		if after == 0 {
			if key, after, err = readString(b, i); err != nil {
				return t, i, err
			}
		}
		i = after
		switch key {
		case "facility":
			r.Facility, i, err = readString(b, i)
		case "severity":
			r.Severity, i, err = readInt(b, i)
		case "host":
			r.Host, i, err = readString(b, i)
		case "ident":
			r.Ident, i, err = readString(b, i)
		case "pid":
			r.PID, i, err = readInt(b, i)
		case "msgid":
			r.MsgID, i, err = readString(b, i)
		case "sequence":
			r.Sequence, i, err = readUint64(b, i)
		case "message":
			r.Message, i, err = readString(b, i)
		default:
			i, err = skip(b, i)
		}
		if err != nil {
			return t, i, err
		}
	}
	return t, i, nil
}

// nextMix makes a new string for Parent, which a pointer needs, and new values for Attrs, which are in interfaces.
func nextMix(b []byte, i int, r *Mix) (t time.Time, _ int, err error) {
	clear(r.Attrs)
	*r = Mix{Attrs: r.Attrs}
	t, i, err = readHeader(b, i)
	if err != nil {
		return t, i, err
	}
	n, i, err := readMapHead(b, i)
	if err != nil {
		return t, i, err
	}
	for ; n > 0; n-- {
		key, after := shortString(b, i)
		if after == 0 {
			if key, after, err = readString(b, i); err != nil {
				return t, i, err
			}
		}
		i = after
		switch key {
		case "trace":
			r.Trace, i, err = readBinary(b, i)
		case "name":
			r.Name, i, err = readString(b, i)
		case "parent":
			r.Parent, i, err = readStringPointer(b, i)
		case "started":
			r.Started, i, err = readTime(b, i)
		case "attrs":
			i, err = readAttrs(b, i, r)
		case "code":
			r.Code, i, err = readUint32(b, i)
		case "load":
			r.Load, i, err = readFloat32(b, i)
		case "message":
			r.Message, i, err = readString(b, i)
		default:
			i, err = skip(b, i)
		}
		if err != nil {
			return t, i, err
		}
	}
	return t, i, nil
}

func readAttrs(b []byte, i int, r *Mix) (_ int, err error) {
	if atNil(b, i) {
		return i + 1, nil
	}
	r.Attrs, i, err = readAnyMap(b, i, 1, r.Attrs)
	return i, err
}

func readStringPointer(b []byte, i int) (*string, int, error) {
	if atNil(b, i) {
		return nil, i + 1, nil
	}
	s, i, err := readString(b, i)
	return &s, i, err
}

func readTime(b []byte, i int) (time.Time, int, error) {
	s, i, err := readString(b, i)
	if err != nil {
		return time.Time{}, i, err
	}
	t, err := time.Parse(time.RFC3339Nano, s)
	return t, i, err
}

func nextM(b []byte, i int, r *M) (t time.Time, _ int, err error) {
	clear(*r)
	t, i, err = readHeader(b, i)
	if err != nil {
		return t, i, err
	}
	*r, i, err = readAnyMap(b, i, 1, *r)
	return t, i, err
}

// readAnyMap reads into m, which is empty, or into a new map.
func readAnyMap(b []byte, i, depth int, m map[string]any) (_ map[string]any, _ int, err error) {
	n, i, err := readMapHead(b, i)
	if err != nil {
		return m, i, err
	}
	if m == nil {
		m = make(map[string]any, n)
	}
	for ; n > 0; n-- {
		var k string
		if k, i, err = readString(b, i); err != nil {
			return m, i, err
		}
		if m[k], i, err = readAny(b, i, depth); err != nil {
			return m, i, err
		}
	}
	return m, i, nil
}

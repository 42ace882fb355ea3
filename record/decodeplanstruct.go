package record

import (
	"encoding/binary"
	"math"
	"math/bits"
	"reflect"
	"unsafe"
)

// decode reads a struct. What is usual its loop reads itself; everything else has a function.
func (s *decodeStruct) decode(d *decodeState, base unsafe.Pointer) error {
	n, err := d.container(kindMap, s.typ)
	if err != nil {
		return err
	}
	if s.unusual {
		s.prepare(base)
	}
	var (
		text, off = d.text, d.off
		fields    = s.fields
		learned   = d.learned[s.first : s.first+len(fields)]
		prev      int
		seen      uint64
	)
	for ; n > 0; n-- {
		f := &fields[learned[prev]]
		if f.matches(text, off) {
			off += int(f.size)
		} else {
			d.off = off
			f, err = s.find(d)
			off = d.off
			if err != nil {
				return err
			}
			if f == nil {
				continue
			}
			learned[prev] = f.place
		}
		prev = f.next
		seen |= f.mark
		p := unsafe.Add(base, f.offset)
		switch f.scalar {
		case scalarString:
			if at, end := shortText(text, off); end > 0 {
				*(*string)(p) = text[at:end]
				off = end
				continue
			}
		case scalarInt64, scalarUint64:
			if v, end := shortUint(text, off); end > 0 {
				*(*uint64)(p) = v
				off = end
				continue
			}
		case scalarFloat64:
			if v, end := longFloat(text, off); end > 0 {
				*(*uint64)(p) = v
				off = end
				continue
			}
		case scalarBool:
			if off < len(text) && text[off]|1 == 0xc3 {
				*(*bool)(p) = text[off] == 0xc3
				off++
				continue
			}
		}
		d.off = off
		if err := f.decode(d, p); err != nil {
			return err
		}
		off = d.off
	}
	d.off = off
	d.depth--
	if missing := s.all &^ seen; missing != 0 {
		s.clear(base, missing)
	}
	return nil
}

// shortText finds a string of at most 255 bytes; end is 0 if there is none.
func shortText(text string, off int) (at, end int) {
	if len(text)-off < 2 {
		return 0, 0
	}
	switch c := text[off]; {
	case c&0xe0 == 0xa0:
		at = off + 1
		end = at + int(c&0x1f)
	case c == 0xd9:
		at = off + 2
		end = at + int(text[off+1])
	}
	if end > len(text) {
		return 0, 0
	}
	return at, end
}

// shortUint reads an integer from 0 of up to 63 bits; end is 0 if there is none.
func shortUint(text string, off int) (v uint64, end int) {
	if len(text)-off < 9 {
		return 0, 0
	}
	in := (*[9]byte)(unsafe.Add(unsafe.Pointer(unsafe.StringData(text)), off))
	if in[0] <= 0x7f {
		return uint64(in[0]), off + 1
	}
	width := in[0] - 0xcc // 0 to 3 for 1, 2, 4 or 8 bytes
	v = binary.BigEndian.Uint64(in[1:]) >> (64 - 8<<(width&3))
	if width > 3 || v > math.MaxInt64 {
		return 0, 0
	}
	return v, off + 1 + 1<<width
}

// longFloat reads the bits of a float64; end is 0 if there is none.
func longFloat(text string, off int) (v uint64, end int) {
	if len(text)-off < 9 || text[off] != 0xcb {
		return 0, 0
	}
	in := (*[9]byte)(unsafe.Add(unsafe.Pointer(unsafe.StringData(text)), off))
	return binary.BigEndian.Uint64(in[1:]), off + 9
}

// matches tells whether f's key is at off, as it is usually encoded.
func (f *decodeField) matches(text string, off int) bool {
	if len(text)-off < 16 {
		return false
	}
	in := (*[16]byte)(unsafe.Add(unsafe.Pointer(unsafe.StringData(text)), off))
	return (binary.LittleEndian.Uint64(in[:8])^f.key[0].bits)&f.key[0].mask|
		(binary.LittleEndian.Uint64(in[8:])^f.key[1].bits)&f.key[1].mask == 0
}

// find reads a key and returns its field. If there is none it skips the value and returns nil.
func (s *decodeStruct) find(d *decodeState) (*decodeField, error) {
	at := d.off
	key, err := d.next()
	if err != nil {
		return nil, err
	}
	if key.isText() {
		if i, ok := s.byName[string(key.data)]; ok {
			return &s.fields[i], nil
		}
	}
	d.off = at
	return nil, d.skip(2, maxDepth-d.depth)
}

// prepare clears what the loop over the fields would take for its own.
func (s *decodeStruct) prepare(base unsafe.Pointer) {
	if len(s.fields) > maxMarked+1 {
		for i := range s.fields[:len(s.fields)-1] {
			s.fields[i].clear(base)
		}
	}
	for _, offset := range s.embedded {
		*(*unsafe.Pointer)(unsafe.Add(base, offset)) = nil
	}
}

// clear sets fields that did not appear to zero.
func (s *decodeStruct) clear(base unsafe.Pointer, missing uint64) {
	for ; missing != 0; missing &= missing - 1 {
		s.fields[bits.TrailingZeros64(missing)].clear(base)
	}
}

// clear sets the field to zero, unless it is behind a pointer.
func (f *decodeField) clear(base unsafe.Pointer) {
	p := unsafe.Add(base, f.offset)
	switch f.scalar {
	case scalarString:
		*(*string)(p) = ""
	case scalarInt64, scalarUint64, scalarFloat64:
		*(*uint64)(p) = 0
	default:
		if !f.behind {
			reflect.NewAt(f.typ, p).Elem().SetZero()
		}
	}
}

// decodeBehind reads a field that is reached through embedded pointers from a struct of type t, and makes what they point to.
func decodeBehind(t reflect.Type, f field, decode decodeFunc) decodeFunc {
	steps, types := f.steps(t), f.pointees(t)
	return func(d *decodeState, p unsafe.Pointer) error {
		p = unsafe.Add(p, steps[0])
		for i, typ := range types {
			to := (*unsafe.Pointer)(p)
			if *to == nil {
				*to = reflect.New(typ).UnsafePointer()
			}
			p = unsafe.Add(*to, steps[i+1])
		}
		return decode(d, p)
	}
}

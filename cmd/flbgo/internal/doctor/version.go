package doctor

import (
	"fmt"
	"strconv"
	"strings"
)

// version is one of glibc, such as 2.34 or 2.2.5.
type version [3]int

func parseVersion(text string) (v version, err error) {
	parts := strings.Split(text, ".")
	if len(parts) < 2 || len(parts) > len(v) {
		return v, fmt.Errorf("%q is %w", text, ErrVersion)
	}
	for i, part := range parts {
		n, err := strconv.ParseUint(part, 10, 16)
		if err != nil {
			return v, fmt.Errorf("%q is %w", text, ErrVersion)
		}
		v[i] = int(n)
	}
	return v, nil
}

func (v version) String() string {
	if v[2] == 0 {
		return fmt.Sprintf("%d.%d", v[0], v[1])
	}
	return fmt.Sprintf("%d.%d.%d", v[0], v[1], v[2])
}

func (v version) newer(than version) bool {
	for i := range v {
		if v[i] != than[i] {
			return v[i] > than[i]
		}
	}
	return false
}

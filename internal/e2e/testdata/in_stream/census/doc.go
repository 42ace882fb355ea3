// Package census is linked into plugins whose host wants to know what they hold. Without cgo it is empty.
package census

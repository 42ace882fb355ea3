//go:build race

package record

// raceEnabled: sync.Pool drops values at random under the race detector.
const raceEnabled = true

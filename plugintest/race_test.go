//go:build race

package plugintest

// The race detector sees for itself that an event is changed that was sent, and fails the test that wants to show it.
func init() { delete(brokenInputs, leftAloneCheck); raceDetector = true }

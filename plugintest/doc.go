// Package plugintest tests plugins as Fluent Bit runs them, without Fluent Bit and without cgo.
//
// [Input] and [Output] make a section of a plugin as the engine does: properties are bound and validated, records
// become events and back, errors and panics become verdicts. The test is the engine: it says when what an input has
// sent is collected, when it is paused, and what an output gets.
//
//	func TestBeats(t *testing.T) {
//		synctest.Test(t, func(t *testing.T) {
//			in := plugintest.Input(t, &heartbeat{}, plugintest.Properties{"interval": "1s", "role": "web"})
//			in.Run(2500 * time.Millisecond) // of virtual time
//			if got := plugintest.Records[beat](in); len(got) != 3 {
//				t.Errorf("beats = %v, want 3", got)
//			}
//		})
//	}
//
// All of it works in the bubbles of testing/synctest, where time is virtual and every call waits until the plugin has
// done what it can do, and outside of them, where [InputSection.WaitFor] waits for events.
//
// A section is private: nothing that the test binary's init functions have registered is touched, but for the name,
// which a section takes from there. The value that is given is the prototype, as the one that a library registers, and
// the section works on a copy of it.
//
// [InputConformance] and [OutputConformance] check what the documentation of the plugin interfaces asks for;
// [LibraryConformance] does so with the shared library that Fluent Bit loads, such as [Build] makes it.
// [Replay] makes a test of what flbgo run --capture has recorded.
package plugintest

// Command noplugin is a library of nothing.
package main

import "C"

func main() {}

//go:build gc && !go1.28 && !hotspan_portable

package labels

import (
	"context"
	"runtime/pprof"
	"unsafe" // for go:linkname too
)

// The labels of a goroutine can be set by runtime/pprof, but not read. What they are is of no interest here, only
// whose: one pointer to compare and to put back. The runtime keeps these two names for packages like this one
// (go.dev/issue/67401). Releases of Go that this was not tried with build goroutine_portable.go instead.

//go:linkname getProfLabel runtime/pprof.runtime_getProfLabel
func getProfLabel() unsafe.Pointer

//go:linkname setProfLabel runtime/pprof.runtime_setProfLabel
func setProfLabel(labels unsafe.Pointer)

// readable says that wornNow knows.
const readable = true

// A dress is the labels of a goroutine at some moment.
type dress struct{ labels unsafe.Pointer }

// putOn gives this goroutine the labels of a context and returns those it had and those it has.
func putOn(_, labelled context.Context) (before, worn dress) {
	before.labels = getProfLabel()
	pprof.SetGoroutineLabels(labelled)
	worn.labels = getProfLabel()
	return before, worn
}

func (d dress) putBack() { setProfLabel(d.labels) }

// wornNow is what this goroutine wears.
func wornNow() dress { return dress{getProfLabel()} }

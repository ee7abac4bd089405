//go:build !gc || go1.28 || hotspan_portable

package labels

import (
	"context"
	"runtime/pprof"
)

// Without a way to read a goroutine's labels, a span is taken to end on the goroutine that started it, which had the
// labels of the context that the span was started from.

const readable = false

// A dress is the labels of a goroutine at some moment, known by a context that carries them.
type dress struct{ carrier context.Context }

func putOn(parent, labelled context.Context) (before, worn dress) {
	pprof.SetGoroutineLabels(labelled)
	return dress{parent}, dress{labelled}
}

func (d dress) putBack() { pprof.SetGoroutineLabels(d.carrier) }

func wornNow() dress { return dress{} }

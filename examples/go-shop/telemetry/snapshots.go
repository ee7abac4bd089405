package telemetry

import (
	"context"
	"fmt"
	"io"
	"net/http"
	httppprof "net/http/pprof"
	"runtime/pprof"
	"sync"
	"time"

	"github.com/grafana/pyroscope-go/godeltaprof"
)

const snapshotPeriod = time.Minute

// snapshots pushes, every minute, what that minute added. The runtime's own heap, mutex and block profiles count from
// the start of the process: pushed as they are, a sum over time would count everything again and again.
func (p pusher) snapshots(ctx context.Context) {
	heap := godeltaprof.NewHeapProfiler()
	heap.Profile(io.Discard) // what was allocated so far belongs to no minute
	for {
		start := time.Now()
		var locks sync.WaitGroup
		for _, kind := range []string{"mutex", "block"} {
			locks.Go(func() { p.push(kind, start, func(w io.Writer) error { return lockDelta(ctx, w, kind) }) })
		}
		locks.Wait()
		if ctx.Err() != nil {
			return
		}
		p.push("heap", start, heap.Profile)
		p.push("goroutine", time.Now(), func(w io.Writer) error { return pprof.Lookup("goroutine").WriteTo(w, 0) })
	}
}

// lockDelta asks the handler behind /debug/pprof for the difference over a minute, which it waits for.
func lockDelta(ctx context.Context, w io.Writer, kind string) error {
	request, err := http.NewRequestWithContext(ctx, "GET", fmt.Sprintf("/?seconds=%d", int(snapshotPeriod.Seconds())), nil)
	if err != nil {
		return err
	}
	answer := &deltaWriter{Writer: w, code: http.StatusOK}
	httppprof.Handler(kind).ServeHTTP(answer, request)
	if answer.code != http.StatusOK && ctx.Err() == nil {
		return fmt.Errorf("no delta: %s", http.StatusText(answer.code))
	}
	return ctx.Err()
}

type deltaWriter struct {
	io.Writer
	header http.Header
	code   int
}

func (w *deltaWriter) WriteHeader(code int) { w.code = code }
func (w *deltaWriter) Header() http.Header {
	if w.header == nil {
		w.header = http.Header{}
	}
	return w.header
}

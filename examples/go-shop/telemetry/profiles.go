package telemetry

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"runtime"
	"runtime/pprof"
	"strconv"
	"sync"
	"time"
)

const cpuWindow = 10 * time.Second

// hotspanClient has a deadline, so that a Hotspan that hangs never holds more than a few windows.
var hotspanClient = &http.Client{Timeout: cpuWindow}

// PushProfiles profiles this process until the context ends and posts each profile to Hotspan: CPU without a gap in
// windows of ten seconds; heap, goroutines, mutex and block every minute.
// It blocks, so call it on its own goroutine. The CPU profiler is one per process, and so is a service.
func PushProfiles(ctx context.Context, hotspan, service string) {
	runtime.SetMutexProfileFraction(1)
	runtime.SetBlockProfileRate(int(10 * time.Microsecond))
	p := pusher{url: hotspan + "/api/v1/profiles", service: service}
	var pushing sync.WaitGroup
	defer pushing.Wait() // the last window too
	pushing.Go(func() { p.snapshots(ctx) })
	for ctx.Err() == nil {
		var body bytes.Buffer
		start := time.Now()
		if err := pprof.StartCPUProfile(&body); err != nil {
			slog.Warn("no CPU profiles", "error", err)
			return
		}
		wait(ctx, cpuWindow)
		pprof.StopCPUProfile()
		pushing.Go(func() { p.post("cpu", start, &body) })
	}
}

type pusher struct{ url, service string }

func (p pusher) push(kind string, start time.Time, write func(io.Writer) error) {
	var body bytes.Buffer
	if err := write(&body); err != nil {
		if !errors.Is(err, context.Canceled) {
			slog.Warn("no profile", "kind", kind, "error", err)
		}
		return
	}
	p.post(kind, start, &body)
}

func (p pusher) post(kind string, start time.Time, body io.Reader) {
	query := url.Values{"service": {p.service}, "start": {strconv.FormatInt(start.UnixNano(), 10)}}
	if kind == "mutex" || kind == "block" {
		query.Set("kind", kind) // the two look the same; all others say what they are
	}
	response, err := hotspanClient.Post(p.url+"?"+query.Encode(), "application/octet-stream", body)
	if err == nil {
		answer, _ := io.ReadAll(io.LimitReader(response.Body, 1024))
		response.Body.Close()
		if response.StatusCode >= 300 {
			err = fmt.Errorf("%s: %s", response.Status, answer)
		}
	}
	if err != nil {
		slog.Warn("profile not taken", "kind", kind, "error", err)
	}
}

// wait says false when the context ended first.
func wait(ctx context.Context, d time.Duration) bool {
	select {
	case <-ctx.Done():
		return false
	case <-time.After(d):
		return true
	}
}

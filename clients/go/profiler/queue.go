package profiler

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"net/url"
	"runtime/pprof"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

const (
	firstBackoff = time.Second
	maxBackoff   = time.Minute
	// stopPatience is how long Stop waits when nobody says how long.
	stopPatience = 10 * time.Second
)

// profile is one profile that is taken and not yet pushed.
type profile struct {
	kind     string // the name under /debug/pprof; "cpu"
	start    time.Time
	duration time.Duration // 0: the state at one moment
	of       *capture      // the closer look that it is part of, or nil
	body     []byte        // a gzipped pprof
}

// queue pushes profiles one after another, oldest first, again and again until Hotspan has them. Hotspan knows a profile
// by its bytes, so one that arrived although its answer was lost is not counted twice.
type queue struct {
	config                   Config
	warn                     *limitedLog
	cancel                   context.CancelFunc
	ended                    chan struct{}
	pushed, retried, dropped atomic.Int64

	mu      sync.Mutex
	changed sync.Cond
	waiting []profile
	bytes   int
	closed  bool
}

func newQueue(config Config, warn *limitedLog) *queue {
	ctx, cancel := context.WithCancel(context.Background())
	q := &queue{config: config, warn: warn, cancel: cancel, ended: make(chan struct{})}
	q.changed.L = &q.mu
	go func() {
		defer close(q.ended)
		pprof.SetGoroutineLabels(context.Background())
		q.push(ctx)
	}()
	return q
}

func (q *queue) add(p profile) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.waiting = append(q.waiting, p)
	q.bytes += len(p.body)
	for q.bytes > q.config.QueueBytes && len(q.waiting) > 1 {
		q.bytes -= len(q.waiting[0].body)
		if q.waiting[0].kind != reportKind {
			q.dropped.Add(1)
		}
		q.waiting = q.waiting[1:]
		q.warn.warn("Hotspan is away: the oldest profiles are dropped", "dropped", q.dropped.Load())
	}
	q.changed.Signal()
}

// take waits for a profile and takes it out; false when the queue is closed and empty.
func (q *queue) take() (profile, bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	for len(q.waiting) == 0 && !q.closed {
		q.changed.Wait()
	}
	if len(q.waiting) == 0 {
		return profile{}, false
	}
	p := q.waiting[0]
	q.waiting = q.waiting[1:]
	q.bytes -= len(p.body)
	return p, true
}

// close pushes what is waiting.
func (q *queue) close(ctx context.Context) error {
	if _, bounded := ctx.Deadline(); !bounded {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, stopPatience)
		defer cancel()
	}
	q.mu.Lock()
	q.closed = true
	q.mu.Unlock()
	q.changed.Signal()
	before := q.dropped.Load()
	select {
	case <-q.ended:
	case <-ctx.Done():
		q.cancel()
		<-q.ended
	}
	q.cancel()
	if lost := q.dropped.Load() - before; lost > 0 {
		return fmt.Errorf("hotspan: %d profiles could not be pushed: %w", lost, context.Cause(ctx))
	}
	return nil
}

// push ends when the queue is closed and empty. Once ctx has ended, what is left is dropped.
func (q *queue) push(ctx context.Context) {
	for {
		p, ok := q.take()
		if !ok {
			return
		}
		if p.kind == reportKind {
			q.pushReport(ctx, p)
		} else if ctx.Err() == nil && q.pushOne(ctx, p) {
			q.pushed.Add(1)
		} else {
			q.dropped.Add(1)
		}
	}
}

// pushReport tells of a capture whose profiles have been pushed, for they were queued before. It is no profile and is
// counted as none; where only the ports for data are reached nobody takes it, and the capture is in the labels alone.
func (q *queue) pushReport(ctx context.Context, p profile) {
	if p.body = p.of.report(q.config); p.body != nil && ctx.Err() == nil {
		q.pushOne(ctx, p)
	}
}

func (q *queue) pushOne(ctx context.Context, p profile) (pushed bool) {
	backoff := firstBackoff
	for {
		wait, err := q.post(ctx, p)
		if err == nil {
			return true
		}
		q.warn.warn("profile not taken", "kind", p.kind, "error", err)
		if wait < 0 {
			return false
		}
		wait = max(wait, time.Duration((0.8+0.4*rand.Float64())*float64(backoff)))
		backoff = min(2*backoff, maxBackoff)
		select {
		case <-ctx.Done():
			return false
		case <-time.After(wait):
			q.retried.Add(1)
		}
	}
}

// post sends a profile once. A wait below zero says that trying again is of no use, another one how long Hotspan asks
// to be left alone.
func (q *queue) post(ctx context.Context, p profile) (wait time.Duration, err error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, q.url(p), bytes.NewReader(p.body))
	if err != nil {
		return -1, err
	}
	request.Header.Set("Content-Type", "application/octet-stream")
	if p.kind == reportKind {
		request.Header.Set("Content-Type", "application/json")
	}
	response, err := q.config.Client.Do(request)
	if err != nil {
		return 0, err
	}
	defer response.Body.Close()
	answer, err := io.ReadAll(io.LimitReader(response.Body, 16<<10))
	switch code := response.StatusCode; {
	case code < 300:
		if p.of != nil && err == nil && p.kind != reportKind {
			p.of.note(p.kind, answer)
		}
		return 0, err // a receipt that broke off: send again, and it is a duplicate
	case code == http.StatusTooManyRequests || code == http.StatusRequestTimeout || code >= 500:
		return retryAfter(response.Header.Get("Retry-After"), time.Now()), fmt.Errorf("%s: %s", response.Status, answer)
	default:
		return -1, fmt.Errorf("%s: %s", response.Status, answer)
	}
}

func (q *queue) url(p profile) string {
	base := strings.TrimRight(q.config.URL, "/") + "/api/v1/"
	if p.kind == reportKind {
		return base + "captures"
	}
	query := url.Values{
		"service":  {q.config.Service},
		"instance": {q.config.Instance},
		"kind":     {p.kind},
		"start":    {strconv.FormatInt(p.start.UnixNano(), 10)},
	}
	if p.duration > 0 {
		query.Set("duration", strconv.FormatInt(p.duration.Nanoseconds(), 10))
		query.Set("temporality", "delta")
	}
	for key, value := range q.config.Labels {
		query.Set("label."+key, value)
	}
	if p.of != nil {
		query.Set("label.capture", p.of.reason)
	}
	return base + "profiles?" + query.Encode()
}

// retryAfter reads the header, seconds or a date; at most five minutes, and 0 when it is neither.
func retryAfter(header string, now time.Time) time.Duration {
	var wait time.Duration
	if seconds, err := strconv.Atoi(header); err == nil {
		wait = time.Duration(seconds) * time.Second
	} else if date, err := http.ParseTime(header); err == nil {
		wait = date.Sub(now)
	}
	return min(max(wait, 0), 5*time.Minute)
}

// limitedLog writes one line a minute: what goes wrong goes wrong again.
type limitedLog struct {
	logger *slog.Logger
	last   atomic.Int64
}

func (l *limitedLog) warn(message string, arguments ...any) {
	now := time.Now().Unix()
	if last := l.last.Load(); now-last >= 60 && l.last.CompareAndSwap(last, now) {
		l.logger.Warn("hotspan: "+message, arguments...)
	}
}

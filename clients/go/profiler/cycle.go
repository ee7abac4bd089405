package profiler

import (
	"bytes"
	"context"
	"math/rand/v2"
	"runtime"
	"runtime/pprof"
	"time"
)

// manyGoroutines is where a profile of all stacks, which stops the program, begins to be felt.
const manyGoroutines = 50_000

// profile is the only user of the CPU profiler here: windows and captures follow one another on one goroutine.
func (p *Profiler) profile(ctx context.Context) {
	p.taking.take(time.Now()) // what has happened so far belongs to no window
	nextCPU, nextSnapshot := time.Now(), time.Now().Add(p.config.SnapshotEvery)
	for ctx.Err() == nil {
		reason := ""
		if now := time.Now(); !now.Before(nextCPU) {
			nextCPU = now.Add(p.pause())
			reason = p.window(ctx, p.config.CPUWindow, nil)
		}
		if !time.Now().Before(nextSnapshot) && reason == "" {
			p.snapshots(nil)
			nextSnapshot = time.Now().Add(p.affordable())
		}
		if reason == "" {
			reason = p.rest(ctx, earlier(nextCPU, nextSnapshot))
		}
		if reason != "" && ctx.Err() == nil {
			p.lookCloser(ctx, reason)
		}
	}
	p.snapshots(nil) // the begun minute, too
}

func (p *Profiler) lookCloser(ctx context.Context, reason string) {
	p.counts.captures.Add(1)
	of := &capture{reason: reason, start: time.Now()}
	p.snapshots(of) // first: memory that is full now may be free in half a minute
	p.window(ctx, p.config.Capture.Window, of)
	of.end = time.Now()
	p.queue.add(profile{kind: reportKind, of: of})
}

// jitter keeps a fleet that was started together from pushing together.
func jitter(every time.Duration) time.Duration {
	return every + time.Duration((rand.Float64()-0.5)*0.1*float64(every))
}

// pause is the time from the start of a CPU window to that of the next, none when there is to be no gap.
func (p *Profiler) pause() time.Duration {
	if p.config.CPUEvery <= p.config.CPUWindow {
		return 0
	}
	return jitter(p.config.CPUEvery)
}

// affordable is the pause after snapshots: longer when they cost more than they may.
func (p *Profiler) affordable() time.Duration {
	spent := p.cost.sinceAsked()
	least := time.Duration(float64(spent) / max(p.config.Budget, 1e-6))
	if least > p.config.SnapshotEvery {
		p.warn.warn("profiles of memory, goroutines and locks are taken less often: they cost too much", "every", least, "cpu", spent)
	}
	return max(least, jitter(p.config.SnapshotEvery))
}

// window takes one CPU profile. A capture that is asked for meanwhile ends it early; its reason is returned.
func (p *Profiler) window(ctx context.Context, length time.Duration, of *capture) (asked string) {
	var body bytes.Buffer
	start := time.Now()
	if err := pprof.StartCPUProfile(&body); err != nil {
		// Another profiler has it, or somebody looks at /debug/pprof/profile. It is theirs until they are done.
		p.counts.inUse.Add(1)
		p.warn.warn("no CPU profile this time", "error", err)
		return p.rest(ctx, start.Add(length))
	}
	asked = p.rest(ctx, start.Add(length))
	pprof.StopCPUProfile()
	p.counts.windows.Add(1)
	p.queue.add(profile{kind: "cpu", start: start, duration: time.Since(start), of: of, body: body.Bytes()})
	return asked
}

// snapshots takes a profile of each other kind.
func (p *Profiler) snapshots(of *capture) {
	p.cost.measure(func() {
		taken, err := p.taking.take(time.Now())
		if err != nil {
			p.warn.warn("no profile this time", "error", err)
		}
		if runtime.NumGoroutine() < manyGoroutines || of != nil {
			var body bytes.Buffer
			if err := pprof.Lookup("goroutine").WriteTo(&body, 0); err != nil {
				p.warn.warn("no goroutine profile this time", "error", err)
			} else {
				taken = append(taken, profile{kind: "goroutine", start: time.Now(), body: body.Bytes()})
			}
		}
		for _, one := range taken {
			one.of = of
			p.queue.add(one)
		}
	})
}

// rest waits until a time, the end of the program, or a request for a capture, whose reason it returns.
func (p *Profiler) rest(ctx context.Context, until time.Time) (asked string) {
	timer := time.NewTimer(time.Until(until))
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ""
	case <-timer.C:
		return ""
	case reason := <-p.trigger:
		return reason
	}
}

func earlier(a, b time.Time) time.Time {
	if a.Before(b) {
		return a
	}
	return b
}

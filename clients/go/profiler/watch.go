package profiler

import (
	"context"
	"fmt"
	"math"
	"os"
	"runtime"
	"runtime/debug"
	"runtime/metrics"
	"strconv"
	"strings"
	"time"
)

// fewGoroutines are not worth a capture, however fast they became so many.
const fewGoroutines = 1_000

// watch looks at the process and asks for a capture when something is out of the ordinary.
func (p *Profiler) watch(ctx context.Context) {
	if p.config.Capture.Disabled {
		return
	}
	ticker := time.NewTicker(p.config.Capture.ProbeEvery)
	defer ticker.Stop()
	var usual usual
	var last time.Time
	before := probe()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
		now := probe()
		reason := findAnomaly(p.config.Capture, before, now, usual.goroutines)
		usual.learn(now)
		before = now
		if reason == "" || !last.IsZero() && time.Since(last) < p.config.Capture.Every {
			continue
		}
		select {
		case <-ctx.Done():
			return
		case p.trigger <- reason:
			last = time.Now()
		}
	}
}

// vitals are what one look at the process tells.
type vitals struct {
	at          time.Time
	cpu         time.Duration // since the process started, in user and kernel mode
	procs       int           // GOMAXPROCS
	memory      uint64        // bytes that Go holds of the operating system
	memoryLimit uint64        // 0: none
	goroutines  int
}

func probe() vitals {
	samples := []metrics.Sample{{Name: "/memory/classes/total:bytes"}, {Name: "/memory/classes/heap/released:bytes"}}
	metrics.Read(samples)
	return vitals{
		at:          time.Now(),
		cpu:         processCPU(),
		procs:       runtime.GOMAXPROCS(0),
		memory:      samples[0].Value.Uint64() - samples[1].Value.Uint64(),
		memoryLimit: memoryLimit(),
		goroutines:  runtime.NumGoroutine(),
	}
}

// findAnomaly returns why a capture is due, or "". The CPU comes first: of several reasons it passes soonest.
func findAnomaly(limits CaptureConfig, before, now vitals, usualGoroutines float64) string {
	if elapsed := now.at.Sub(before.at); elapsed > 0 {
		share := float64(now.cpu-before.cpu) / float64(elapsed) / float64(now.procs)
		if share > limits.CPU {
			return fmt.Sprintf("cpu %.0f %% > %.0f %%", 100*share, 100*limits.CPU)
		}
	}
	if now.memoryLimit > 0 {
		if share := float64(now.memory) / float64(now.memoryLimit); share > limits.Memory {
			return fmt.Sprintf("memory %.0f %% > %.0f %%", 100*share, 100*limits.Memory)
		}
	}
	if usualGoroutines > 0 && now.goroutines >= fewGoroutines && float64(now.goroutines) > limits.Goroutines*usualGoroutines {
		return fmt.Sprintf("goroutines %d > %.3g × %.0f", now.goroutines, limits.Goroutines, usualGoroutines)
	}
	return ""
}

// usual is how many goroutines there were lately: a mean that forgets half in about ten looks.
type usual struct{ goroutines float64 }

func (u *usual) learn(now vitals) {
	if u.goroutines == 0 {
		u.goroutines = float64(now.goroutines)
		return
	}
	u.goroutines += (float64(now.goroutines) - u.goroutines) / 15
}

// memoryLimit is GOMEMLIMIT or what the program set in its place, else that of the container, else 0.
func memoryLimit() uint64 {
	if limit := debug.SetMemoryLimit(-1); limit != math.MaxInt64 {
		return uint64(limit)
	}
	for _, file := range []string{"/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes"} {
		text, err := os.ReadFile(file)
		if err != nil {
			continue // another system, or the other version of control groups
		}
		limit, err := strconv.ParseUint(strings.TrimSpace(string(text)), 10, 64)
		if err == nil && limit < 1<<60 { // "max", and version 1's number that means the same
			return limit
		}
	}
	return 0
}

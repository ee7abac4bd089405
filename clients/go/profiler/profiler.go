// Package profiler profiles the program it runs in, all the time, and pushes what it finds to Hotspan.
//
//	p, err := profiler.Start(profiler.Config{URL: "http://localhost:3000", Service: "shop"})
//	if err != nil {
//		log.Fatal(err)
//	}
//	defer p.Stop(context.Background())
//
// It takes the CPU profile of ten seconds of each minute, and once a minute what was allocated, what is in use, the
// goroutines, and the waits for locks and channels. Every fifteen seconds it looks at the CPU time, the memory and the
// goroutines of the process. When one is out of the ordinary it profiles at once and for longer, and labels the
// profiles with the reason: capture="cpu 83 % > 70 %".
//
// It uses the standard library alone. What it costs is measured as it goes: see [Config.Budget].
package profiler

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"os"
	"runtime"
	"runtime/pprof"
	"sync"
	"sync/atomic"
	"time"
)

// Config says what is profiled, how often, and where it goes. Zero values stand for the defaults.
type Config struct {
	// URL of Hotspan. Default: $HOTSPAN_URL, else http://localhost:3000.
	URL string
	// Service is the name that the program's spans have as service.name. Default: $OTEL_SERVICE_NAME.
	Service string
	// Instance tells processes of one service apart. Default: host name and process id.
	Instance string
	// Labels are put on every sample, as in {"version": "1.4.2"}.
	Labels map[string]string

	// CPUWindow is the length of one CPU profile. Default: 10 s.
	CPUWindow time.Duration
	// CPUEvery is the time from the start of one CPU profile to that of the next. Default: 1 min. With CPUWindow or
	// less the CPU is profiled without a gap.
	CPUEvery time.Duration
	// SnapshotEvery is the time between profiles of the other kinds. Default: 1 min.
	SnapshotEvery time.Duration
	// MutexFraction is given to runtime.SetMutexProfileFraction. Default: 100. Negative: left as the program has it.
	MutexFraction int
	// BlockRate is given to runtime.SetBlockProfileRate: shorter waits are sampled, longer ones all counted. Default: 10 ms.
	// Negative: left as the program has it.
	BlockRate time.Duration
	// Budget is the share of one CPU that the profiles of memory, goroutines and locks may use. They grow with the
	// program; when they use more, they are taken less often. Default: 0.01. CPU profiles do not grow: their 100
	// signals per second and busy CPU are not counted.
	Budget float64

	// Captures on anomaly.
	Capture CaptureConfig

	// Client sends the profiles; its Transport may add what a proxy before Hotspan asks for. Default: one with a
	// deadline of 30 s.
	Client *http.Client
	// QueueBytes bounds what is kept while Hotspan is away; the oldest profiles go first. Default: 16 MiB.
	QueueBytes int
	// Logger is told, at most once a minute, about profiles that could not be taken or sent. Default: slog.Default().
	Logger *slog.Logger
}

// CaptureConfig says what is out of the ordinary, and what is done about it.
type CaptureConfig struct {
	// Disabled turns captures off.
	Disabled bool
	// ProbeEvery is the time between two looks at the process. Default: 15 s.
	ProbeEvery time.Duration
	// CPU is the share of GOMAXPROCS above which a capture is taken. Default: 0.7.
	CPU float64
	// Memory is the share of the memory limit above which a capture is taken. Default: 0.8. The limit is GOMEMLIMIT,
	// else that of the container; without either there is none.
	Memory float64
	// Goroutines is the growth over the usual number above which a capture is taken, from 1,000 goroutines on.
	// Default: 2, twice as many.
	Goroutines float64
	// Window is the length of the CPU profile of a capture. Default: 30 s.
	Window time.Duration
	// Every is the shortest time between two captures. Default: 10 min.
	Every time.Duration
}

func (c Config) withDefaults() (Config, error) {
	host, err := os.Hostname()
	if err != nil {
		host = "unknown"
	}
	setDefault(&c.URL, os.Getenv("HOTSPAN_URL"), "http://localhost:3000")
	setDefault(&c.Service, os.Getenv("OTEL_SERVICE_NAME"))
	setDefault(&c.Instance, fmt.Sprintf("%s:%d", host, os.Getpid()))
	setDefault(&c.CPUWindow, 10*time.Second)
	setDefault(&c.CPUEvery, time.Minute)
	setDefault(&c.SnapshotEvery, time.Minute)
	setDefault(&c.MutexFraction, 100)
	setDefault(&c.BlockRate, 10*time.Millisecond)
	setDefault(&c.Budget, 0.01)
	setDefault(&c.QueueBytes, 16<<20)
	setDefault(&c.Client, &http.Client{Timeout: 30 * time.Second, Transport: http.DefaultTransport.(*http.Transport).Clone()})
	setDefault(&c.Logger, slog.Default())
	setDefault(&c.Capture.ProbeEvery, 15*time.Second)
	setDefault(&c.Capture.CPU, 0.7)
	setDefault(&c.Capture.Memory, 0.8)
	setDefault(&c.Capture.Goroutines, 2)
	setDefault(&c.Capture.Window, 30*time.Second)
	setDefault(&c.Capture.Every, 10*time.Minute)
	c.Capture.Every = max(c.Capture.Every, c.Capture.Window)
	if c.Service == "" {
		return c, errors.New("hotspan: Config.Service is not set, and neither is OTEL_SERVICE_NAME")
	}
	if target, err := url.Parse(c.URL); err != nil || target.Host == "" || target.Scheme != "http" && target.Scheme != "https" {
		return c, fmt.Errorf("hotspan: Config.URL %q is no URL like http://localhost:3000", c.URL)
	}
	for name, d := range map[string]time.Duration{
		"CPUWindow": c.CPUWindow, "CPUEvery": c.CPUEvery, "SnapshotEvery": c.SnapshotEvery,
		"Capture.ProbeEvery": c.Capture.ProbeEvery, "Capture.Window": c.Capture.Window, "Capture.Every": c.Capture.Every,
	} {
		if d < 0 {
			return c, fmt.Errorf("hotspan: Config.%s is %s; it must not be negative", name, d)
		}
	}
	if c.Budget < 0 {
		return c, fmt.Errorf("hotspan: Config.Budget is %g; it must not be negative", c.Budget)
	}
	return c, nil
}

// setDefault gives a zero value the first of the others that is not zero.
func setDefault[T comparable](value *T, others ...T) {
	var zero T
	for _, other := range others {
		if *value == zero {
			*value = other
		}
	}
}

// A Profiler profiles the process until it is stopped.
type Profiler struct {
	config  Config
	queue   *queue
	taking  deltas
	cost    cost
	trigger chan string
	stop    context.CancelFunc
	done    sync.WaitGroup
	counts  struct{ windows, captures, inUse atomic.Int64 }
	warn    limitedLog
}

// Stats counts what a profiler did since its start.
type Stats struct {
	Windows  int64 // CPU profiles taken
	Captures int64 // of them, because of an anomaly
	InUse    int64 // times that somebody else was using the CPU profiler
	Pushed   int64 // profiles that Hotspan has
	Retried  int64 // attempts after the first
	Dropped  int64 // profiles that Hotspan refused, or that gave way to younger ones
}

var running atomic.Bool

// Start profiles this process in the background. There is one profiler per process.
func Start(config Config) (*Profiler, error) {
	config, err := config.withDefaults()
	if err != nil {
		return nil, err
	}
	if running.Swap(true) {
		return nil, errors.New("hotspan: the profiler is running already")
	}
	if config.MutexFraction > 0 {
		runtime.SetMutexProfileFraction(config.MutexFraction)
	}
	if config.BlockRate > 0 {
		runtime.SetBlockProfileRate(int(config.BlockRate))
	}
	ctx, stop := context.WithCancel(context.Background())
	p := &Profiler{config: config, stop: stop, trigger: make(chan string)}
	p.warn.logger = config.Logger
	p.queue = newQueue(config, &p.warn)
	for _, work := range []func(context.Context){p.profile, p.watch} {
		p.done.Add(1)
		go func() {
			defer p.done.Done()
			pprof.SetGoroutineLabels(context.Background()) // our work is nobody's request
			work(ctx)
		}()
	}
	return p, nil
}

// Stop ends the running window, pushes what there is, and returns once Hotspan has it, after ten seconds if ctx has no
// deadline of its own. An error says how many profiles were left then. The rates of mutex and block profiles stay as they are.
func (p *Profiler) Stop(ctx context.Context) error {
	p.stop()
	p.done.Wait()
	defer running.Store(false)
	return p.queue.close(ctx)
}

// Stats returns the counts so far.
func (p *Profiler) Stats() Stats {
	return Stats{
		Windows: p.counts.windows.Load(), Captures: p.counts.captures.Load(), InUse: p.counts.inUse.Load(),
		Pushed: p.queue.pushed.Load(), Retried: p.queue.retried.Load(), Dropped: p.queue.dropped.Load(),
	}
}

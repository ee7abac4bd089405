package profiler

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http"
	"runtime"
	"runtime/pprof"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// often is a configuration that a test need not wait for.
func often(target string) Config {
	return Config{
		URL: target, CPUWindow: 150 * time.Millisecond, CPUEvery: 200 * time.Millisecond,
		SnapshotEvery: 150 * time.Millisecond, MutexFraction: 1, BlockRate: 1, Budget: 100,
		Capture: CaptureConfig{Disabled: true},
	}
}

// burn uses one CPU until the test ends.
func burn(t *testing.T) {
	var stop atomic.Bool
	var all sync.WaitGroup
	all.Add(1)
	go func() {
		defer all.Done()
		pprof.Do(context.Background(), pprof.Labels("endpoint", "GET /burn"), func(context.Context) {
			for !stop.Load() {
				spin()
			}
		})
	}()
	t.Cleanup(func() { stop.Store(true); all.Wait() })
}

var spun uint64

//go:noinline
func spin() {
	x := uint64(1)
	for i := range uint64(100_000) {
		x ^= x<<13 + i
	}
	spun += x
}

func TestEveryKindIsPushed(t *testing.T) {
	target, requests := receiver(t, nil)
	before := time.Now()
	burn(t)
	config := often(target + "/") // pasted with a slash
	config.Instance = "shop-1"
	config.Labels = map[string]string{"version": "1.4.2"}
	p := start(t, config)

	cpu := next(t, requests, "CPU profile with samples", func(r received) bool {
		return r.kind() == "cpu" && decode(t, r.body).value("cpu", "profiler.spin") > 0
	})
	for key, want := range map[string]string{"service": "shop", "instance": "shop-1", "label.version": "1.4.2", "label.capture": ""} {
		if got := cpu.query.Get(key); got != want {
			t.Errorf("%s is %q, want %q", key, got, want)
		}
	}
	if start, err := strconv.ParseInt(cpu.query.Get("start"), 10, 64); err != nil || start < before.UnixNano() || start > time.Now().UnixNano() {
		t.Errorf("start is %s", cpu.query.Get("start"))
	}
	if !decode(t, cpu.body).labels["endpoint"]["GET /burn"] {
		t.Error("the CPU profile has lost the labels of its goroutines")
	}
	next(t, requests, "goroutine profile", ofKind("goroutine"))
	allocate(32)
	runtime.GC()
	runtime.GC()
	var allocated int64
	next(t, requests, "heap profiles of 32 MB", func(r received) bool {
		if r.kind() == "heap" {
			allocated += decode(t, r.body).value("alloc_space", "profiler.allocate")
		}
		return allocated >= 32<<20
	})
	contend()
	next(t, requests, "mutex profile", ofKind("mutex"))
	next(t, requests, "block profile", ofKind("block"))
	if err := p.Stop(context.Background()); err != nil {
		t.Error(err)
	}
	if stats := p.Stats(); stats.Dropped != 0 || stats.Windows == 0 || stats.Pushed < 5 {
		t.Errorf("%+v", stats)
	}
	kept = nil
}

func TestSentAgainUntilItIsTaken(t *testing.T) {
	var asked atomic.Int64
	target, requests := receiver(t, func(received) (int, string) {
		return []int{http.StatusServiceUnavailable, http.StatusTooManyRequests, http.StatusOK}[min(asked.Add(1)-1, 2)], "2"
	})
	config := often(target)
	config.CPUEvery, config.SnapshotEvery = time.Hour, time.Hour
	p := start(t, config)
	all := func(received) bool { return true }
	first := next(t, requests, "request", all)
	refused := time.Now()
	for range 2 {
		again := next(t, requests, "request", all)
		if !bytes.Equal(again.body, first.body) || again.query.Encode() != first.query.Encode() {
			t.Error("what is sent again is not the same")
		}
	}
	if waited := time.Since(refused); waited < 3900*time.Millisecond {
		t.Errorf("asked to be left alone for two seconds, twice: %s", waited)
	}
	if err := p.Stop(context.Background()); err != nil {
		t.Error(err)
	}
	if stats := p.Stats(); stats.Retried != 2 || stats.Dropped != 0 {
		t.Errorf("%+v", stats)
	}
}

func TestWhatIsRefusedIsNotSentAgain(t *testing.T) {
	target, requests := receiver(t, func(received) (int, string) { return http.StatusBadRequest, "" })
	p := start(t, often(target))
	for range 3 {
		next(t, requests, "request", func(received) bool { return true })
	}
	p.Stop(context.Background())
	if stats := p.Stats(); stats.Retried != 0 || stats.Dropped < 3 || stats.Pushed != 0 {
		t.Errorf("%+v", stats)
	}
}

func TestWhileHotspanIsAwayTheOldestGo(t *testing.T) {
	var back atomic.Bool
	target, requests := receiver(t, func(received) (int, string) {
		if back.Load() {
			return http.StatusOK, ""
		}
		return http.StatusServiceUnavailable, ""
	})
	config := often(target)
	config.QueueBytes = 100_000
	p := start(t, config)
	first := next(t, requests, "request", ofKind("cpu"))
	for p.Stats().Dropped < 5 {
		runtime.Gosched()
	}
	p.queue.mu.Lock()
	held := p.queue.bytes
	p.queue.mu.Unlock()
	if held > config.QueueBytes {
		t.Errorf("%d bytes are held", held)
	}
	back.Store(true)
	if again := next(t, requests, "request", ofKind("cpu")); !bytes.Equal(first.body, again.body) {
		t.Error("the one that is being sent was dropped")
	}
	if err := p.Stop(context.Background()); err != nil {
		t.Error(err)
	}
}

func TestCaptureOfAnAnomaly(t *testing.T) {
	target, requests := receiver(t, nil)
	config := often(target)
	config.CPUEvery, config.CPUWindow, config.SnapshotEvery = 2*time.Hour, time.Hour, time.Hour
	config.Capture = CaptureConfig{CPU: 0.01, ProbeEvery: 50 * time.Millisecond, Window: 300 * time.Millisecond, Every: time.Hour}
	burn(t)
	p := start(t, config)
	ordinary := next(t, requests, "ordinary window", ofKind("cpu"))
	if ordinary.query.Has("label.capture") {
		t.Error("the window that gave way to the capture is labelled as one")
	}
	ids := map[string]string{}
	for _, kind := range []string{"goroutine", "cpu"} {
		captured := next(t, requests, kind+" capture", ofKind(kind))
		ids[kind] = receiptOf(captured.body)
		if reason := captured.query.Get("label.capture"); !strings.HasPrefix(reason, "cpu ") || !strings.HasSuffix(reason, " % > 1 %") {
			t.Errorf("%s: reason %q", kind, reason)
		}
	}
	var report struct {
		Trigger, Reason, Service, State string
		Seconds                         int
		StartUnixNano, EndUnixNano      string
		Profiles                        []storedProfile
	}
	if err := json.Unmarshal(next(t, requests, "report", ofKind(reportKind)).body, &report); err != nil {
		t.Fatal(err)
	}
	if report.Trigger != "cpu" || !strings.HasPrefix(report.Reason, "cpu ") || report.Service != "shop" || report.State != "done" || report.StartUnixNano >= report.EndUnixNano {
		t.Errorf("report %+v", report)
	}
	for _, one := range report.Profiles {
		if id, sent := ids[one.Kind]; sent && id != one.ProfileID {
			t.Errorf("%s has the id %s in the report, %s in its receipt", one.Kind, one.ProfileID, id)
		}
		delete(ids, one.Kind)
	}
	if len(ids) > 0 {
		t.Errorf("not in the report: %v", ids)
	}
	p.Stop(context.Background())
	if stats := p.Stats(); stats.Captures != 1 || stats.Windows != 2 {
		t.Errorf("one capture an hour: %+v", stats)
	}
}

func TestAnotherUserOfTheCPUProfiler(t *testing.T) {
	target, requests := receiver(t, nil)
	if err := pprof.StartCPUProfile(new(bytes.Buffer)); err != nil {
		t.Fatal(err)
	}
	var once sync.Once
	release := func() { once.Do(pprof.StopCPUProfile) }
	defer release()
	p := start(t, often(target))
	for p.Stats().InUse < 2 {
		runtime.Gosched()
	}
	if p.Stats().Windows != 0 {
		t.Error("two CPU profiles at once")
	}
	release()
	next(t, requests, "CPU profile", ofKind("cpu"))
}

func TestStop(t *testing.T) {
	target, requests := receiver(t, nil)
	config := often(target)
	config.CPUWindow, config.SnapshotEvery = time.Hour, time.Hour
	p := start(t, config)
	if _, err := Start(config); err == nil {
		t.Error("a second profiler started")
	}
	for !strings.Contains(stacks(t), "pprof.profileWriter") {
		runtime.Gosched() // until the window has begun
	}
	if err := p.Stop(context.Background()); err != nil {
		t.Error(err)
	}
	next(t, requests, "window that was running", ofKind("cpu"))
	next(t, requests, "goroutines at the end", ofKind("goroutine"))

	target, requests = receiver(t, func(received) (int, string) { return http.StatusServiceUnavailable, "" })
	config.URL, config.CPUWindow = target, 100*time.Millisecond
	p = start(t, config)
	next(t, requests, "request", ofKind("cpu"))
	ended, cancel := context.WithCancel(context.Background())
	cancel()
	if err := p.Stop(ended); err == nil || !strings.Contains(err.Error(), "could not be pushed") {
		t.Errorf("with Hotspan away: %v", err)
	}
}

func TestTheProfilersOwnWorkIsNobodysRequest(t *testing.T) {
	target, requests := receiver(t, nil)
	pprof.Do(context.Background(), pprof.Labels("endpoint", "GET /start"), func(context.Context) {
		start(t, often(target))
	})
	next(t, requests, "request", func(received) bool { return true }) // by now all of its goroutines run
	all := stacks(t)
	for _, work := range []string{"profiler.(*Profiler).profile", "profiler.(*queue).push"} {
		if !strings.Contains(all, work) {
			t.Errorf("%s does not run:\n%s", work, all)
		}
	}
	if strings.Contains(all, "GET /start") {
		t.Errorf("work for nobody is labelled:\n%s", all)
	}
}

// stacks are all goroutines with their labels, as text.
func stacks(t *testing.T) string {
	t.Helper()
	var profile bytes.Buffer
	if err := pprof.Lookup("goroutine").WriteTo(&profile, 1); err != nil {
		t.Fatal(err)
	}
	return profile.String()
}

func TestFindAnomaly(t *testing.T) {
	limits := CaptureConfig{CPU: 0.7, Memory: 0.8, Goroutines: 2}
	quiet := vitals{at: time.Unix(100, 0), procs: 4, memory: 100, memoryLimit: 1000, goroutines: 500}
	after := func(change func(*vitals)) vitals {
		now := quiet
		now.at = now.at.Add(15 * time.Second)
		change(&now)
		return now
	}
	for want, now := range map[string]vitals{
		"":                          after(func(v *vitals) { v.cpu = 42 * time.Second; v.memory = 800; v.goroutines = 999 }),
		"cpu 75 % > 70 %":           after(func(v *vitals) { v.cpu = 45 * time.Second; v.memory = 999 }),
		"memory 81 % > 80 %":        after(func(v *vitals) { v.memory = 810 }),
		"goroutines 1001 > 2 × 500": after(func(v *vitals) { v.goroutines = 1001 }),
	} {
		if got := findAnomaly(limits, quiet, now, 500); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
	if got := findAnomaly(limits, quiet, after(func(v *vitals) { v.memory = 1 << 40; v.memoryLimit = 0 }), 500); got != "" {
		t.Errorf("without a limit: %q", got)
	}
}

func TestProbeReadsThisProcess(t *testing.T) {
	before := probe()
	for began := time.Now(); processCPU()-before.cpu < 50*time.Millisecond; {
		if spin(); time.Since(began) > 20*time.Second {
			t.Fatal("the CPU time of this process stands still")
		}
	}
	if now := probe(); now.memory == 0 || now.goroutines == 0 || now.procs == 0 {
		t.Errorf("%+v", now)
	}
}

func TestRetryAfter(t *testing.T) {
	now := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	for header, want := range map[string]time.Duration{
		"": 0, "3": 3 * time.Second, "-3": 0, "soon": 0, "86400": 5 * time.Minute,
		"Fri, 02 Jan 2026 03:04:15 GMT": 10 * time.Second, "Fri, 02 Jan 2025 03:04:15 GMT": 0,
	} {
		if got := retryAfter(header, now); got != want {
			t.Errorf("%q: %s, want %s", header, got, want)
		}
	}
}

func TestPauseKeepsToTheBudget(t *testing.T) {
	config, err := Config{Service: "shop", Budget: 0.01}.withDefaults()
	if err != nil {
		t.Fatal(err)
	}
	p := &Profiler{config: config}
	p.warn.logger = config.Logger
	p.warn.last.Store(time.Now().Unix()) // and nothing is logged
	p.cost.spent.Store(int64(100 * time.Millisecond))
	if got := p.affordable(); got < 57*time.Second || got > 63*time.Second {
		t.Errorf("within the budget: %s", got)
	}
	p.cost.spent.Store(int64(2 * time.Second))
	if got := p.affordable(); got != 200*time.Second {
		t.Errorf("at twice the budget and more: %s", got)
	}
	p.config.CPUEvery = config.CPUWindow
	if got := p.pause(); got != 0 {
		t.Errorf("without a gap: %s", got)
	}
}

func TestConfigSaysWhatIsWrong(t *testing.T) {
	t.Setenv("OTEL_SERVICE_NAME", "")
	for want, config := range map[string]Config{
		"Config.Service":        {},
		"Config.URL":            {Service: "shop", URL: "localhost:3000"},
		"Config.CPUWindow":      {Service: "shop", CPUWindow: -1},
		"Config.Capture.Window": {Service: "shop", Capture: CaptureConfig{Window: -1}},
	} {
		if _, err := config.withDefaults(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v does not name %s", err, want)
		}
	}
}

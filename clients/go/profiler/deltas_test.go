package profiler

import (
	"bytes"
	"runtime"
	"runtime/pprof"
	"sync"
	"testing"
	"time"
)

func init() { runtime.MemProfileRate = 4096 } // so that each megabyte is sampled, and sizes are exact

var kept [][]byte

//go:noinline
func allocate(megabytes int) {
	kept = nil
	for range megabytes {
		kept = append(kept, make([]byte, 1<<20))
	}
}

func find(taken []profile, kind string) *profile {
	for i := range taken {
		if taken[i].kind == kind {
			return &taken[i]
		}
	}
	return nil
}

func take(t *testing.T, d *deltas) []profile {
	t.Helper()
	runtime.GC() // the heap profile is as of the garbage collection before last
	runtime.GC()
	taken, err := d.take(time.Now())
	if err != nil {
		t.Fatal(err)
	}
	return taken
}

func TestAllocationsAreOfTheirWindow(t *testing.T) {
	const mb = 1 << 20
	var d deltas
	allocate(64)
	if taken := take(t, &d); len(taken) != 0 {
		t.Errorf("the first call returned %d profiles", len(taken))
	}
	var sum int64
	for window, megabytes := range []int{48, 0, 80} {
		before := time.Now().UnixNano()
		if megabytes > 0 {
			allocate(megabytes)
		}
		heap := find(take(t, &d), "heap")
		if heap == nil {
			t.Fatalf("window %d: no heap profile, though 48 MB are in use", window)
		}
		got := decode(t, heap.body)
		allocated := got.value("alloc_space", "profiler.allocate")
		if want := int64(megabytes) * mb; allocated < want || allocated > want+want/50+mb/2 {
			t.Errorf("window %d: %d MB allocated, want %d", window, allocated/mb, megabytes)
		}
		sum += allocated
		if inUse := got.value("inuse_space", "profiler.allocate"); inUse/mb != map[int]int64{0: 48, 1: 48, 2: 80}[window] {
			t.Errorf("window %d: %d MB in use", window, inUse/mb)
		}
		if got.start != heap.start.UnixNano() || got.duration != int64(heap.duration) || got.start > before {
			t.Errorf("window %d: from %d for %d ns", window, got.start, got.duration)
		}
	}
	kept = nil
}

func TestWaitsAreOfTheirWindow(t *testing.T) {
	defer runtime.SetMutexProfileFraction(runtime.SetMutexProfileFraction(1))
	var d deltas
	take(t, &d)
	for _, contended := range []bool{true, false, true} {
		if contended {
			contend()
		}
		mutex := find(take(t, &d), "mutex")
		switch {
		case mutex == nil && contended:
			t.Error("no mutex profile of a window with a wait")
		case mutex == nil:
		case contended != (decode(t, mutex.body).value("contentions", "profiler.contend.func1") > 0):
			t.Errorf("contended: %t, profile: %v", contended, decode(t, mutex.body).within)
		}
	}
}

// contend makes a goroutine wait for a lock until it is known to wait.
func contend() {
	var mu sync.Mutex
	var all sync.WaitGroup
	for waited := false; !waited; {
		before := blocked()
		mu.Lock()
		for range 4 {
			all.Add(1)
			go func() {
				defer all.Done()
				mu.Lock()
				defer mu.Unlock()
			}()
		}
		time.Sleep(2 * time.Millisecond) // how long they wait is what is measured
		mu.Unlock()
		all.Wait()
		waited = blocked() > before
	}
}

func blocked() int {
	records, _ := runtime.MutexProfile(nil)
	sum := make([]runtime.BlockProfileRecord, records+10)
	n, _ := runtime.MutexProfile(sum)
	var count int64
	for _, record := range sum[:n] {
		count += record.Count
	}
	return int(count)
}

// What is added up over windows is what the runtime counted from the first to the last.
func TestDeltasAddUp(t *testing.T) {
	cumulative := func() (decoded, []byte) {
		var body bytes.Buffer
		if err := pprof.Lookup("heap").WriteTo(&body, 0); err != nil {
			t.Fatal(err)
		}
		return decode(t, body.Bytes()), body.Bytes()
	}
	var d delta
	total := func(of decoded, sums []int64, sign int64) []int64 {
		for _, numbers := range of.byLeaf {
			for i := range 2 {
				sums[i] += sign * numbers[i]
			}
		}
		return sums
	}
	want, got := make([]int64, 2), make([]int64, 2)
	for window := range 5 {
		allocate(3 * window)
		runtime.GC()
		runtime.GC()
		whole, body := cumulative()
		switch window {
		case 0:
			want = total(whole, want, -1)
		case 4:
			want = total(whole, want, 1)
		}
		difference, err := d.next(body, 2, time.Now())
		if err != nil {
			t.Fatal(err)
		}
		if difference != nil {
			got = total(decode(t, difference), got, 1)
		}
	}
	if got[0] != want[0] || got[1] != want[1] || got[1] < 30<<20 {
		t.Errorf("windows add up to %v, the runtime counted %v", got, want)
	}
	kept = nil
}

func TestBrokenProfilesAreErrors(t *testing.T) {
	var good bytes.Buffer
	if err := pprof.Lookup("heap").WriteTo(&good, 0); err != nil {
		t.Fatal(err)
	}
	raw, err := unzip(good.Bytes())
	if err != nil {
		t.Fatal(err)
	}
	for cut := range min(len(raw), 3000) {
		body, err := zip(raw[:cut])
		if err != nil {
			t.Fatal(err)
		}
		var d delta
		d.next(body, 2, time.Now()) // an error or not, but no panic
	}
	if _, err := new(delta).next([]byte("no gzip"), 2, time.Now()); err == nil {
		t.Error("no error")
	}
}

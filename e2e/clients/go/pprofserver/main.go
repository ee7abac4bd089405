// Command pprofserver is a Go service for the collector's tests: net/http/pprof and its own numbers in Prometheus' text
// format, with a load that its tests turn up and down. It prints its address once it listens.
package main

import (
	"crypto/sha256"
	"fmt"
	"net"
	"net/http"
	"net/http/pprof"
	"os"
	"runtime"
	"runtime/debug"
	"sync"
	"sync/atomic"
	"syscall"
)

var (
	busy     atomic.Bool
	kept     = make([][]byte, 0, 10_000) // grows nowhere: its growth would count as allocated here
	contends sync.Mutex
	// Read once, so that what it burns is not optimised away.
	sink atomic.Uint64
	// CPU profiles under way now, and at most.
	profiling, most atomic.Int64
)

// burnCheckout is the hot function that the flame graph must show.
func burnCheckout() {
	sum := sha256.Sum256([]byte("checkout"))
	for range 20_000 {
		sum = sha256.Sum256(sum[:])
	}
	sink.Add(uint64(sum[0]))
}

// allocateCart allocates a mebibyte in one place; keep holds on to it.
func allocateCart(keep bool) {
	cart := make([]byte, 1<<20)
	cart[len(cart)-1] = 1
	if keep {
		kept = append(kept, cart)
	}
	sink.Add(uint64(cart[len(cart)-1]))
}

func work() {
	for {
		if busy.Load() {
			contends.Lock()
			burnCheckout()
			contends.Unlock()
			continue
		}
		runtime.Gosched()
		syscall.Select(0, nil, nil, nil, &syscall.Timeval{Usec: 10_000})
	}
}

func metrics(w http.ResponseWriter, _ *http.Request) {
	var usage syscall.Rusage
	_ = syscall.Getrusage(syscall.RUSAGE_SELF, &usage)
	var memory runtime.MemStats
	runtime.ReadMemStats(&memory)
	seconds := func(t syscall.Timeval) float64 { return float64(t.Sec) + float64(t.Usec)/1e6 }
	fmt.Fprintf(w, "# TYPE process_cpu_seconds_total counter\nprocess_cpu_seconds_total %g\n", seconds(usage.Utime)+seconds(usage.Stime))
	fmt.Fprintf(w, "go_memstats_sys_bytes %d\ngo_memstats_heap_released_bytes %d\n", memory.Sys, memory.HeapReleased)
	fmt.Fprintf(w, "go_sched_gomaxprocs_threads %d\n", runtime.GOMAXPROCS(0))
	fmt.Fprintf(w, "go_gc_gomemlimit_bytes %g\n", float64(debug.SetMemoryLimit(-1)))
}

func main() {
	runtime.MemProfileRate = 1 // every allocation: the numbers are exact, not estimates
	runtime.SetMutexProfileFraction(1)
	runtime.SetBlockProfileRate(1)
	address := "127.0.0.1:0"
	if len(os.Args) > 1 {
		address = os.Args[1]
	}
	mux := http.NewServeMux()
	mux.HandleFunc("/debug/pprof/", pprof.Index)
	mux.HandleFunc("/debug/pprof/profile", func(w http.ResponseWriter, r *http.Request) {
		if now := profiling.Add(1); now > most.Load() {
			most.Store(now)
		}
		defer profiling.Add(-1)
		pprof.Profile(w, r)
	})
	mux.HandleFunc("/most", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, most.Load()) })
	mux.HandleFunc("/metrics", metrics)
	mux.HandleFunc("/busy", func(_ http.ResponseWriter, r *http.Request) { busy.Store(r.URL.Query().Get("on") == "1") })
	mux.HandleFunc("/allocate", func(_ http.ResponseWriter, r *http.Request) {
		for range 10 {
			allocateCart(r.URL.Query().Get("keep") == "1")
		}
		// A heap profile tells what was there two collections ago.
		runtime.GC()
		runtime.GC()
	})
	for range 2 {
		go work()
	}
	listener, err := net.Listen("tcp", address)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	fmt.Println(listener.Addr())
	if err := http.Serve(listener, mux); err != nil {
		fmt.Fprintln(os.Stderr, err)
	}
}

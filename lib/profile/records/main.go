//go:build ignore

// Writes the readings beside it: heap, mutex and block profiles of one process at four times (0-3), and of a second
// process (restarted). `node truth.mjs` then asks `go tool pprof -diff_base`.
//
//	go run -trimpath main.go .
package main

import (
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"runtime/pprof"
	"sync"
	"time"
)

var kept [][]byte

//go:noinline
func decode(n int) []byte { return make([]byte, n) }

//go:noinline
func cache(n int) { kept = append(kept, decode(n)) }

//go:noinline
func forget() { kept = kept[:len(kept)/2] }

//go:noinline
func contend(times int) {
	var lock sync.Mutex
	var all sync.WaitGroup
	for range 4 {
		all.Go(func() {
			for range times {
				lock.Lock()
				time.Sleep(200 * time.Microsecond)
				lock.Unlock()
			}
		})
	}
	all.Wait()
}

func write(folder, name string, at int) {
	file, err := os.Create(filepath.Join(folder, fmt.Sprintf("%s-%d.pb.gz", name, at)))
	if err != nil {
		panic(err)
	}
	defer file.Close()
	if err := pprof.Lookup(name).WriteTo(file, 0); err != nil {
		panic(err)
	}
}

func main() {
	runtime.MemProfileRate = 16 << 10
	runtime.SetMutexProfileFraction(1)
	runtime.SetBlockProfileRate(1)
	start := 0
	readings := 4
	if len(os.Args) > 2 { // the second process: one reading, later in number and earlier in count
		start, readings = 4, 1
	}
	for at := start; at < start+readings; at++ {
		for range 400 * (at - start + 1) {
			cache(5_000)
			decode(900)
		}
		if at%2 == 1 {
			forget()
			contend(60)
		}
		contend(20)
		runtime.GC()
		for _, name := range []string{"heap", "mutex", "block"} {
			write(os.Args[1], name, at)
		}
	}
}

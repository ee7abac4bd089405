package profiler

import (
	"runtime"
	"sync/atomic"
	"time"
)

// cost adds up the CPU time of taking and encoding profiles.
type cost struct{ spent atomic.Int64 }

// measure runs work on one thread from start to end. Where a thread's CPU time cannot be read, the time that passed is
// the most it can have used.
func (c *cost) measure(work func()) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	start, startCPU := time.Now(), threadCPU()
	work()
	spent := threadCPU() - startCPU
	if startCPU == 0 {
		spent = time.Since(start)
	}
	c.spent.Add(int64(spent))
}

// sinceAsked is what was spent since it was last asked.
func (c *cost) sinceAsked() time.Duration { return time.Duration(c.spent.Swap(0)) }

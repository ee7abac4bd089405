//go:build unix

package profiler

import (
	"syscall"
	"time"
)

// processCPU is the CPU time of all threads since the process started.
func processCPU() time.Duration {
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		return 0
	}
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}

package profiler

import (
	"syscall"
	"time"
)

// threadCPU is the CPU time of the calling thread, 0 when it is unknown.
func threadCPU() time.Duration {
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_THREAD, &usage); err != nil {
		return 0
	}
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}

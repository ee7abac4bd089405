//go:build !unix && !windows

package profiler

import (
	"runtime/metrics"
	"time"
)

// processCPU is the runtime's own estimate, renewed at each garbage collection.
func processCPU() time.Duration {
	samples := []metrics.Sample{{Name: "/cpu/classes/total:cpu-seconds"}, {Name: "/cpu/classes/idle:cpu-seconds"}}
	metrics.Read(samples)
	return time.Duration((samples[0].Value.Float64() - samples[1].Value.Float64()) * float64(time.Second))
}

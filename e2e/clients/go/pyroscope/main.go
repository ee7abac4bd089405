// Command pyroscope is a service with Grafana's libraries: pyroscope-go, and otel-profiling-go around the SDK.
package main

import (
	"context"
	"log"
	"runtime"
	"time"

	"example.com/clients/work"
	otelpyroscope "github.com/grafana/otel-profiling-go"
	"github.com/grafana/pyroscope-go"
	"go.opentelemetry.io/otel"
)

func main() {
	ctx := context.Background()
	runtime.SetMutexProfileFraction(1)
	runtime.SetBlockProfileRate(int(time.Microsecond))
	provider, err := work.StartTracing(ctx)
	if err != nil {
		log.Fatal(err)
	}
	otel.SetTracerProvider(otelpyroscope.NewTracerProvider(provider))
	profiler, err := pyroscope.Start(pyroscope.Config{
		ApplicationName: work.Service,
		ServerAddress:   work.URL,
		Tags:            map[string]string{"region": "eu"},
		UploadRate:      2 * time.Second,
		ProfileTypes: []pyroscope.ProfileType{
			pyroscope.ProfileCPU,
			pyroscope.ProfileAllocObjects, pyroscope.ProfileAllocSpace, pyroscope.ProfileInuseObjects, pyroscope.ProfileInuseSpace,
			pyroscope.ProfileGoroutines,
			pyroscope.ProfileMutexCount, pyroscope.ProfileMutexDuration,
			pyroscope.ProfileBlockCount, pyroscope.ProfileBlockDuration,
		},
	})
	if err != nil {
		log.Fatal(err)
	}
	limited, cancel := context.WithTimeout(ctx, work.Seconds())
	defer cancel()
	if err := work.Visit(limited, work.Server(work.Routes())); err != nil {
		log.Fatal(err)
	}
	if err := profiler.Stop(); err != nil {
		log.Fatal(err)
	}
	if err := provider.Shutdown(ctx); err != nil {
		log.Fatal(err)
	}
}

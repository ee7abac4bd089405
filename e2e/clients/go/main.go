// Command clients is a service with Pyroscope's SDK for Go, as its users write it: URL and SERVICE from the environment.
// It works for about four seconds, sends what it has and ends.
package main

import (
	"context"
	"log"
	"os"
	"runtime"
	"sync"
	"time"

	otelpyroscope "github.com/grafana/otel-profiling-go"
	"github.com/grafana/pyroscope-go"
	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracehttp"
	"go.opentelemetry.io/otel/sdk/resource"
	"go.opentelemetry.io/otel/sdk/trace"
)

func main() {
	url, service := os.Getenv("URL"), os.Getenv("SERVICE")
	ctx := context.Background()
	exporter, err := otlptracehttp.New(ctx, otlptracehttp.WithEndpointURL(url+"/v1/traces"))
	if err != nil {
		log.Fatal(err)
	}
	named := resource.NewSchemaless(attribute.String("service.name", service))
	provider := trace.NewTracerProvider(trace.WithBatcher(exporter), trace.WithResource(named))
	otel.SetTracerProvider(otelpyroscope.NewTracerProvider(provider))

	runtime.SetMutexProfileFraction(1)
	runtime.SetBlockProfileRate(1)
	profiler, err := pyroscope.Start(pyroscope.Config{
		ApplicationName: service,
		ServerAddress:   url,
		Tags:            map[string]string{"region": "eu"},
		UploadRate:      2 * time.Second,
		ProfileTypes: []pyroscope.ProfileType{
			pyroscope.ProfileCPU, pyroscope.ProfileGoroutines,
			pyroscope.ProfileAllocObjects, pyroscope.ProfileAllocSpace,
			pyroscope.ProfileInuseObjects, pyroscope.ProfileInuseSpace,
			pyroscope.ProfileMutexCount, pyroscope.ProfileMutexDuration,
			pyroscope.ProfileBlockCount, pyroscope.ProfileBlockDuration,
		},
	})
	if err != nil {
		log.Fatal(err)
	}

	tracer := otel.Tracer("clients")
	for end := time.Now().Add(4 * time.Second); time.Now().Before(end); {
		ctx, span := tracer.Start(ctx, "GET /orders/{id}")
		burnOrders(60 * time.Millisecond)
		_, child := tracer.Start(ctx, "price")
		burnOrders(20 * time.Millisecond)
		child.End()
		contend()
		span.End()
	}
	profiler.Flush(true)
	if err := profiler.Stop(); err != nil {
		log.Fatal(err)
	}
	if err := provider.Shutdown(ctx); err != nil {
		log.Fatal(err)
	}
}

var kept [][]byte

func burnOrders(d time.Duration) {
	sum := 0
	for end := time.Now().Add(d); time.Now().Before(end); {
		for i := range 10_000 {
			sum += i * i
		}
	}
	kept = append(kept, make([]byte, 64<<10+sum&1))
}

// contend makes goroutines wait for one another's lock.
func contend() {
	var lock sync.Mutex
	var all sync.WaitGroup
	for range 4 {
		all.Add(1)
		go func() {
			defer all.Done()
			lock.Lock()
			time.Sleep(2 * time.Millisecond)
			lock.Unlock()
		}()
	}
	all.Wait()
}

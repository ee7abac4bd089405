// Package work is a service with something to find in each kind of profile, and its customers.
package work

import (
	"context"
	"crypto/sha256"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"strconv"
	"sync"
	"time"

	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracehttp"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/sdk/resource"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"
)

// What a test asks of a program.
var (
	URL     = os.Getenv("URL")
	Service = os.Getenv("SERVICE")
)

// Seconds is how long to work, as $SECONDS says.
func Seconds() time.Duration {
	seconds, err := strconv.ParseFloat(os.Getenv("SECONDS"), 64)
	if err != nil {
		panic("SECONDS is no number")
	}
	return time.Duration(seconds * float64(time.Second))
}

// StartTracing sends all spans to URL by OTLP/HTTP.
func StartTracing(ctx context.Context) (*sdktrace.TracerProvider, error) {
	exporter, err := otlptracehttp.New(ctx, otlptracehttp.WithEndpointURL(URL+"/v1/traces"))
	if err != nil {
		return nil, err
	}
	otel.SetTextMapPropagator(propagation.TraceContext{})
	return sdktrace.NewTracerProvider(
		sdktrace.WithBatcher(exporter),
		sdktrace.WithResource(resource.NewSchemaless(attribute.String("service.name", Service))),
	), nil
}

// Routes are the endpoints of the service.
func Routes() *http.ServeMux {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /hash/{id}", func(w http.ResponseWriter, r *http.Request) {
		hash(20_000)
		_, span := otel.Tracer("work").Start(r.Context(), "hashMore")
		defer span.End()
		hash(40_000)
		done := make(chan struct{})
		go func() { // a goroutine of the request's own
			defer close(done)
			hash(10_000)
		}()
		<-done
	})
	mux.HandleFunc("GET /allocate", func(w http.ResponseWriter, r *http.Request) { allocate() })
	mux.HandleFunc("GET /wait", func(w http.ResponseWriter, r *http.Request) { waitInLine() })
	return mux
}

//go:noinline
func hash(rounds int) {
	sum := [32]byte{}
	for range rounds {
		sum = sha256.Sum256(sum[:])
	}
}

var (
	kept   [][]byte
	keptMu sync.Mutex
)

//go:noinline
func allocate() {
	block := make([]byte, 1<<20)
	keptMu.Lock()
	defer keptMu.Unlock()
	if kept = append(kept, block); len(kept) > 64 {
		kept = kept[32:]
	}
}

var line sync.Mutex

//go:noinline
func waitInLine() {
	line.Lock()
	defer line.Unlock()
	time.Sleep(2 * time.Millisecond)
}

// Server starts a span for each request, as otelhttp does, and hands it on.
func Server(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		ctx := otel.GetTextMapPropagator().Extract(r.Context(), propagation.HeaderCarrier(r.Header))
		ctx, span := otel.Tracer("work").Start(ctx, r.Method, trace.WithSpanKind(trace.SpanKindServer),
			trace.WithAttributes(attribute.String("http.request.method", r.Method)))
		defer span.End()
		inner := r.WithContext(ctx)
		next.ServeHTTP(w, inner)
		if pattern := inner.Pattern; pattern != "" {
			span.SetName(pattern)
			span.SetAttributes(attribute.String("http.route", pattern[len("GET "):]))
		}
	})
}

// Visit sends customers to a service until ctx ends.
func Visit(ctx context.Context, handler http.Handler) error {
	server := httptest.NewServer(handler)
	defer server.Close()
	paths := []string{"/hash/7", "/allocate", "/wait", "/wait"}
	failures := make(chan error, len(paths))
	var all sync.WaitGroup
	for _, path := range paths {
		all.Go(func() {
			for ctx.Err() == nil {
				if err := get(server.URL + path); err != nil {
					failures <- err
					return
				}
				select { // breathe: two cores are shared by all tests
				case <-ctx.Done():
				case <-time.After(5 * time.Millisecond):
				}
			}
		})
	}
	all.Wait()
	select {
	case err := <-failures:
		return err
	default:
		return nil
	}
}

func get(url string) error {
	response, err := http.Get(url)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	if _, err := io.Copy(io.Discard, response.Body); err != nil {
		return err
	}
	if response.StatusCode != http.StatusOK {
		return fmt.Errorf("%s: %s", url, response.Status)
	}
	return nil
}

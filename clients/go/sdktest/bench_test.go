//go:build unix

package sdktest

import (
	"context"
	"crypto/sha256"
	"flag"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"runtime"
	"slices"
	"sync"
	"syscall"
	"testing"
	"time"

	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	"go.opentelemetry.io/otel/trace"
	"hotspan.dev/go/labels"
	"hotspan.dev/go/profiler"
)

var (
	turns = flag.Int("turns", 8, "how often BenchmarkLoad compares")
	turn  = flag.Duration("turn", time.Second, "how long it loads each service in a turn")
)

// nowhere takes spans as a batching exporter does, and forgets them.
func nowhere() *sdktrace.TracerProvider {
	return sdktrace.NewTracerProvider(sdktrace.WithBatcher(tracetest.NewNoopExporter()))
}

// service is a request of about 60 µs with three child spans. Everything is as a service without Hotspan has it but
// what the arguments put around it.
func service(provider trace.TracerProvider, around func(*http.ServeMux) http.Handler) http.Handler {
	tracer := provider.Tracer("bench")
	mux := http.NewServeMux()
	mux.HandleFunc("GET /products/{id}", func(w http.ResponseWriter, r *http.Request) {
		for _, name := range []string{"findProduct", "findPrice", "render"} {
			_, span := tracer.Start(r.Context(), name)
			hash(200)
			span.End()
		}
		io.WriteString(w, "{}")
	})
	next := around(mux)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		ctx, span := tracer.Start(r.Context(), "GET /products/{id}", trace.WithSpanKind(trace.SpanKindServer))
		defer span.End()
		next.ServeHTTP(w, r.WithContext(ctx))
	})
}

func hash(rounds int) {
	sum := [32]byte{}
	for range rounds {
		sum = sha256.Sum256(sum[:])
	}
}

func bare(mux *http.ServeMux) http.Handler     { return mux }
func labelled(mux *http.ServeMux) http.Handler { return labels.Handler(mux) }

// profile profiles this process without a gap, the most that a configuration can ask for, and throws the profiles away.
func profile(b *testing.B) (stop func()) {
	hotspan := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { io.Copy(io.Discard, r.Body) }))
	p, err := profiler.Start(profiler.Config{
		URL: hotspan.URL, Service: "bench", CPUEvery: 10 * time.Second, // and the rest as it is by default
		Logger: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		b.Fatal(err)
	}
	return func() {
		p.Stop(context.Background())
		hotspan.Close()
		runtime.SetMutexProfileFraction(0)
		runtime.SetBlockProfileRate(0)
	}
}

func plain(*testing.B) http.Handler       { return service(nowhere(), bare) }
func withHandler(*testing.B) http.Handler { return service(nowhere(), labelled) }
func withChildSpans(*testing.B) http.Handler {
	return service(labels.TracerProvider(nowhere()), labelled)
}
func request(b *testing.B, handler http.Handler) {
	r := httptest.NewRequest("GET", "/products/7", nil)
	b.ReportAllocs()
	began := processCPU()
	for b.Loop() {
		handler.ServeHTTP(discard{http.Header{}}, r)
	}
	b.ReportMetric(float64(processCPU()-began)/float64(b.N), "cpu-ns/op")
}

// processCPU is the CPU time of this process, 0 where it cannot be read.
func processCPU() time.Duration {
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		return 0
	}
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}

// One child span, started and ended.
func BenchmarkSpan(b *testing.B) {
	for name, provider := range map[string]trace.TracerProvider{
		"Plain":      nowhere(),
		"Labelled":   labels.TracerProvider(nowhere()),
		"NotSampled": labels.TracerProvider(sdktrace.NewTracerProvider(sdktrace.WithSampler(sdktrace.NeverSample()))),
	} {
		b.Run(name, func(b *testing.B) {
			tracer := provider.Tracer("bench")
			ctx, root := tracer.Start(context.Background(), "root")
			defer root.End()
			b.ReportAllocs()
			began := processCPU()
			for b.Loop() {
				_, span := tracer.Start(ctx, "child")
				span.End()
			}
			b.ReportMetric(float64(processCPU()-began)/float64(b.N), "cpu-ns/op")
		})
	}
}

type discard struct{ header http.Header }

func (d discard) Header() http.Header         { return d.header }
func (d discard) Write(p []byte) (int, error) { return len(p), nil }
func (d discard) WriteHeader(int)             {}

// One request, without network.
func BenchmarkPlain(b *testing.B)      { request(b, plain(b)) }
func BenchmarkLabelled(b *testing.B)   { request(b, withHandler(b)) }
func BenchmarkChildSpans(b *testing.B) { request(b, withChildSpans(b)) }
func BenchmarkProfiling(b *testing.B) {
	defer profile(b)()
	request(b, withChildSpans(b))
}

// BenchmarkLoad answers customers over HTTP, as fast as they ask, by the plain service and by another in turn: what the
// machine does meanwhile happens to both. It reports requests a second and the 99th percentile of their time, as the
// median over the turns, and both as shares of what the plain service did in the same turn; so, too, the CPU time of a
// request, in server and customer together, which other programs on the machine disturb least.
func BenchmarkLoad(b *testing.B) {
	const customers = 4
	nothing := func(*testing.B) func() { return func() {} }
	for _, with := range []struct {
		name  string
		build func(*testing.B) http.Handler
		begin func(*testing.B) (end func())
	}{
		{"Plain", plain, nothing}, // against itself: what chance makes of it
		{"Labelled", withHandler, nothing},
		{"ChildSpans", withChildSpans, nothing},
		{"Profiling", withChildSpans, profile},
	} {
		b.Run(with.name, func(b *testing.B) {
			without, other := httptest.NewServer(plain(b)), httptest.NewServer(with.build(b))
			defer without.Close()
			defer other.Close()
			for b.Loop() {
				var rates, p99s, rateShares, p99Shares, cpuShares []float64
				for i := range *turns {
					var took [2]measured
					for j := range 2 {
						if (i+j)%2 == 0 {
							took[0] = load(without.URL, *turn, customers)
							continue
						}
						end := with.begin(b)
						took[1] = load(other.URL, *turn, customers)
						end()
					}
					rates, p99s = append(rates, took[1].rate), append(p99s, took[1].p99)
					rateShares = append(rateShares, took[1].rate/took[0].rate)
					p99Shares = append(p99Shares, took[1].p99/took[0].p99)
					cpuShares = append(cpuShares, took[1].cpu/took[0].cpu)
				}
				b.ReportMetric(0, "ns/op")
				b.ReportMetric(median(rates), "requests/s")
				b.ReportMetric(median(rateShares), "requests/s-ratio")
				b.ReportMetric(median(cpuShares), "cpu-ratio")
				b.ReportMetric(median(p99s), "p99-ms")
				b.ReportMetric(median(p99Shares), "p99-ratio")
			}
		})
	}
}

type measured struct{ rate, p99, cpu float64 }

func load(url string, length time.Duration, customers int) measured {
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: customers}}
	defer client.CloseIdleConnections()
	times := make([][]float64, customers)
	var all sync.WaitGroup
	began, beganCPU := time.Now(), processCPU()
	for i := range customers {
		all.Go(func() {
			for time.Since(began) < length {
				asked := time.Now()
				response, err := client.Get(url + "/products/7")
				if err != nil {
					panic(err)
				}
				io.Copy(io.Discard, response.Body)
				response.Body.Close()
				times[i] = append(times[i], float64(time.Since(asked))/1e6)
			}
		})
	}
	all.Wait()
	every := slices.Sorted(slices.Values(slices.Concat(times...)))
	requests := float64(len(every))
	return measured{
		rate: requests / time.Since(began).Seconds(),
		p99:  every[len(every)*99/100],
		cpu:  float64(processCPU()-beganCPU) / requests,
	}
}

func median(of []float64) float64 {
	slices.Sort(of)
	return (of[len(of)/2] + of[(len(of)-1)/2]) / 2
}

package labels_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"runtime/pprof"

	"go.opentelemetry.io/otel/trace/noop"
	"hotspan.dev/go/labels"
)

// printEndpoint stands for the work of a request: whatever computes with these labels is known by them.
func printEndpoint(ctx context.Context) {
	endpoint, _ := pprof.Label(ctx, "endpoint")
	fmt.Println(endpoint)
}

func ExampleHandler() {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /products/{id}", func(_ http.ResponseWriter, r *http.Request) { printEndpoint(r.Context()) })

	handler := labels.Handler(mux) // with otelhttp: otelhttp.NewHandler(labels.Handler(mux), "shop")
	handler.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest("GET", "/products/7", nil))
	// Output: GET /products/{id}
}

func ExampleWithEndpoint() {
	router := http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { printEndpoint(r.Context()) }) // any router
	handler := labels.Handler(router, labels.WithEndpoint(func(r *http.Request) string {
		return r.Method + " /products/:id" // what the router says of r
	}))
	handler.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest("GET", "/products/7", nil))
	// Output: GET /products/:id
}

func ExampleTracerProvider() {
	provider := noop.NewTracerProvider() // the SDK's: sdktrace.NewTracerProvider(...)
	tracers := labels.TracerProvider(provider)
	// otel.SetTracerProvider(tracers)

	ctx, span := tracers.Tracer("shop").Start(context.Background(), "render")
	defer span.End()
	_ = ctx // what is computed from here to End is known by this span
}

func ExampleDo() {
	labels.Do(context.Background(), "job nightly-invoices", func(ctx context.Context) {
		printEndpoint(ctx)
	})
	// Output: job nightly-invoices
}

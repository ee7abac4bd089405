package labels

import (
	"context"
	"net/http"
	"net/http/httptest"
	"testing"

	"go.opentelemetry.io/otel/trace"
)

// serve answers one request and returns what its handler wore, drawn with the span "server" around it.
func serve(t *testing.T, method, path string, around func(http.Handler) http.Handler, build func(http.HandlerFunc) http.Handler) string {
	t.Helper()
	var drawn string
	var server trace.Span
	h := build(func(_ http.ResponseWriter, r *http.Request) {
		server = trace.SpanFromContext(r.Context())
		drawn = draw(worn(t), map[string]trace.Span{"server": server})
	})
	around(h).ServeHTTP(httptest.NewRecorder(), httptest.NewRequest(method, path, nil))
	if left := worn(t); len(left) != 0 {
		t.Errorf("%s %s leaves %v on the connection's goroutine", method, path, left)
	}
	return drawn
}

// traced starts a server span around a handler, as otelhttp does.
func traced(provider trace.TracerProvider, name string) func(http.Handler) http.Handler {
	tracer := provider.Tracer("test")
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			ctx, span := tracer.Start(r.Context(), name)
			defer span.End()
			next.ServeHTTP(w, r.WithContext(ctx))
		})
	}
}

func TestHandler(t *testing.T) {
	const ids = " local_root_span_id=server span_id=server trace_id=theirs"
	mux := func(pattern string) func(http.HandlerFunc) http.Handler {
		return func(h http.HandlerFunc) http.Handler {
			mux := http.NewServeMux()
			mux.HandleFunc(pattern, h)
			return Handler(mux)
		}
	}
	plain := func(h http.Handler) http.Handler { return h }
	for name, test := range map[string]struct {
		around func(http.Handler) http.Handler
		build  func(http.HandlerFunc) http.Handler
		want   string
	}{
		"a mux":                    {plain, mux("GET /orders/{id}"), "endpoint=GET /orders/{id}"},
		"a pattern without method": {plain, mux("/orders/{id}"), "endpoint=GET /orders/{id}"},
		"a pattern with a host":    {plain, mux("GET example.com/orders/{id}"), "endpoint=GET /orders/{id}"},
		"a span of any provider":   {traced(fakeProvider{}, "server"), mux("/orders/{id}"), "endpoint=GET /orders/{id}" + ids},
		"a span of ours":           {traced(TracerProvider(fakeProvider{}), "server"), mux("/orders/{id}"), "endpoint=GET /orders/{id}" + ids},
		"a span that is not kept":  {traced(fakeProvider{}, "dropped"), mux("/orders/{id}"), "endpoint=GET /orders/{id}"},
		"one route": {plain, func(h http.HandlerFunc) http.Handler {
			mux := http.NewServeMux()
			mux.Handle("/orders/{id}", Handler(h))
			return mux
		}, "endpoint=GET /orders/{id}"},
		"a router that nobody asked": {traced(fakeProvider{}, "server"), func(h http.HandlerFunc) http.Handler { return Handler(h) }, ids[1:]},
		"another router": {plain, func(h http.HandlerFunc) http.Handler {
			return Middleware(WithEndpoint(func(r *http.Request) string { return r.Method + " /orders/:id" }))(h)
		}, "endpoint=GET /orders/:id"},
	} {
		t.Run(name, func(t *testing.T) {
			if got := serve(t, "GET", "/orders/7", test.around, test.build); got != test.want {
				t.Errorf("got  %s\nwant %s", got, test.want)
			}
		})
	}
}

func TestHandlerWithoutARoute(t *testing.T) {
	if got := muxEndpoint(http.NewServeMux())(httptest.NewRequest("GET", "/nothing", nil)); got != "GET (unmatched)" {
		t.Errorf("got %s", got)
	}
}

func TestHandlerTellsThePatternOutwards(t *testing.T) {
	mux := http.NewServeMux()
	mux.HandleFunc("/orders/{id}", func(http.ResponseWriter, *http.Request) {})
	request := httptest.NewRequest("GET", "/orders/7", nil)
	Handler(mux).ServeHTTP(httptest.NewRecorder(), request)
	if request.Pattern != "/orders/{id}" {
		t.Errorf("got %q", request.Pattern)
	}
}

func TestHandlerThatPanics(t *testing.T) {
	func() {
		defer func() { recover() }()
		Do(context.Background(), "POST /boom", func(ctx context.Context) {
			newTracer().Start(ctx, "never ended")
			panic("boom")
		})
	}()
	if left := worn(t); len(left) != 0 {
		t.Errorf("%v is left", left)
	}
}

func TestDoKnowsTheCallersTraceButNotItsSpan(t *testing.T) {
	caller := trace.NewSpanContext(trace.SpanContextConfig{
		TraceID: trace.TraceID{1}, SpanID: trace.SpanID{2}, TraceFlags: trace.FlagsSampled, Remote: true,
	})
	Do(trace.ContextWithRemoteSpanContext(context.Background(), caller), "job", func(context.Context) {
		if got, want := draw(worn(t), nil), "endpoint=job trace_id="+caller.TraceID().String(); got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	})
}

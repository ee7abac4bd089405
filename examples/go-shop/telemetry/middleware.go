package telemetry

import (
	"net/http"
	"strings"

	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/trace"
	"hotspan.dev/go/labels"
)

// Middleware gives every request a server span named after its route, as otelhttp would. Within it, labels.Handler puts
// the trace, the span and the endpoint on the goroutine, so that each CPU sample says for whom it was spent.
func Middleware(mux *http.ServeMux) http.Handler {
	labelled := labels.Handler(mux)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, endpoint := mux.Handler(r) // the pattern, as in "GET /products/{id}"; "" when nothing matches
		_, route, _ := strings.Cut(endpoint, " ")
		attributes := []attribute.KeyValue{
			attribute.String("http.request.method", r.Method),
			attribute.String("url.path", r.URL.Path),
			attribute.String("url.scheme", "http"),
		}
		if route != "" {
			attributes = append(attributes, attribute.String("http.route", route))
		} else {
			endpoint = r.Method
		}

		ctx := otel.GetTextMapPropagator().Extract(r.Context(), propagation.HeaderCarrier(r.Header))
		ctx, span := StartSpan(ctx, endpoint, trace.WithSpanKind(trace.SpanKindServer), trace.WithAttributes(attributes...))
		defer span.End()

		status := &statusWriter{ResponseWriter: w, code: http.StatusOK}
		labelled.ServeHTTP(status, r.WithContext(ctx))
		span.SetAttributes(attribute.Int("http.response.status_code", status.code))
		if status.code >= 500 {
			span.SetStatus(codes.Error, http.StatusText(status.code))
		}
	})
}

type statusWriter struct {
	http.ResponseWriter
	code int
}

func (w *statusWriter) WriteHeader(code int) {
	w.code = code
	w.ResponseWriter.WriteHeader(code)
}

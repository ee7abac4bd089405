package telemetry

import (
	"net/http"
	"strconv"

	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/trace"
)

// Do sends the request inside a client span and passes the trace on in its traceparent header. The span ends when
// the headers of the answer are there.
func Do(client *http.Client, r *http.Request) (*http.Response, error) {
	port, _ := strconv.Atoi(r.URL.Port())
	ctx, span := StartSpan(r.Context(), r.Method, trace.WithSpanKind(trace.SpanKindClient), trace.WithAttributes(
		attribute.String("http.request.method", r.Method),
		attribute.String("url.full", r.URL.String()),
		attribute.String("server.address", r.URL.Hostname()),
		attribute.Int("server.port", port),
	))
	defer span.End()
	r = r.WithContext(ctx)
	otel.GetTextMapPropagator().Inject(ctx, propagation.HeaderCarrier(r.Header))
	response, err := client.Do(r)
	if err != nil {
		span.Fail(err)
		return nil, err
	}
	span.SetAttributes(attribute.Int("http.response.status_code", response.StatusCode))
	if response.StatusCode >= 400 {
		span.SetAttributes(attribute.String("error.type", response.Status))
	}
	return response, nil
}

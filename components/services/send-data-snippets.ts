/** @param origin of the dashboard, which takes OTLP on its own port too */
export function buildOtelSnippet(origin: string): string {
  return `export OTEL_SERVICE_NAME=checkout
export OTEL_EXPORTER_OTLP_PROTOCOL=http/protobuf
export OTEL_EXPORTER_OTLP_ENDPOINT=${origin}`;
}

export function buildCurlSnippet(origin: string): string {
  return `curl -s "http://localhost:6060/debug/pprof/profile?seconds=10" |
  curl --data-binary @- "${origin}/api/v1/profiles?service=checkout"`;
}

export const GO_LABELS_SNIPPET = `import (
	"context"
	"net/http"
	"runtime/pprof"

	"go.opentelemetry.io/otel/trace"
)

func profiled(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		span := trace.SpanContextFromContext(r.Context())
		labels := pprof.Labels(
			"trace_id", span.TraceID().String(),
			"span_id", span.SpanID().String(),
		)
		pprof.Do(r.Context(), labels, func(ctx context.Context) {
			next.ServeHTTP(w, r.WithContext(ctx))
		})
	})
}`;

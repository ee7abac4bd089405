// Command oteltraces is a service with OpenTelemetry's SDK for Go and one of its exporters: EXPORTER is http or grpc, URL
// its endpoint, TRACES how many it makes, OUT a file for what it ended and what its exporter said became of each span.
package main

import (
	"context"
	"encoding/json"
	"log"
	"os"
	"strconv"
	"sync"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracegrpc"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracehttp"
	"go.opentelemetry.io/otel/sdk/resource"
	sdk "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"
)

// patience is longer than a server takes to start again on a busy machine.
const patience = 40 * time.Second

type event struct {
	Name       string         `json:"name"`
	Time       string         `json:"time"`
	Attributes map[string]any `json:"attributes"`
}

type span struct {
	Delivered    bool           `json:"delivered"`
	TraceID      string         `json:"traceId"`
	SpanID       string         `json:"spanId"`
	ParentSpanID string         `json:"parentSpanId"`
	Name         string         `json:"name"`
	Kind         string         `json:"kind"`
	Start        string         `json:"start"`
	End          string         `json:"end"`
	Status       string         `json:"status"`
	Message      string         `json:"message"`
	Attributes   map[string]any `json:"attributes"`
	Events       []event        `json:"events"`
	Links        [][2]string    `json:"links"`
}

// recorder stands before the exporter and hears what it says.
type recorder struct {
	sdk.SpanExporter
	mutex sync.Mutex
	spans []span
}

func (r *recorder) ExportSpans(ctx context.Context, spans []sdk.ReadOnlySpan) error {
	err := r.SpanExporter.ExportSpans(ctx, spans)
	r.mutex.Lock()
	defer r.mutex.Unlock()
	for _, s := range spans {
		r.spans = append(r.spans, describe(s, err == nil))
	}
	return err
}

func describe(s sdk.ReadOnlySpan, delivered bool) span {
	described := span{
		Delivered:  delivered,
		TraceID:    s.SpanContext().TraceID().String(),
		SpanID:     s.SpanContext().SpanID().String(),
		Name:       s.Name(),
		Kind:       s.SpanKind().String(),
		Start:      strconv.FormatInt(s.StartTime().UnixNano(), 10),
		End:        strconv.FormatInt(s.EndTime().UnixNano(), 10),
		Status:     s.Status().Code.String(),
		Message:    s.Status().Description,
		Attributes: texts(s.Attributes()),
		Events:     []event{},
		Links:      [][2]string{},
	}
	if s.Parent().SpanID().IsValid() {
		described.ParentSpanID = s.Parent().SpanID().String()
	}
	for _, e := range s.Events() {
		described.Events = append(described.Events, event{e.Name, strconv.FormatInt(e.Time.UnixNano(), 10), texts(e.Attributes)})
	}
	for _, l := range s.Links() {
		described.Links = append(described.Links, [2]string{l.SpanContext.TraceID().String(), l.SpanContext.SpanID().String()})
	}
	return described
}

func texts(attributes []attribute.KeyValue) map[string]any {
	all := map[string]any{}
	for _, kv := range attributes {
		all[string(kv.Key)] = kv.Value.AsInterface()
	}
	return all
}

func main() {
	ctx := context.Background()
	var exporter *otlptrace.Exporter
	var err error
	if os.Getenv("EXPORTER") == "grpc" {
		exporter, err = otlptracegrpc.New(ctx, otlptracegrpc.WithEndpointURL(os.Getenv("URL")), otlptracegrpc.WithCompressor("gzip"),
			otlptracegrpc.WithTimeout(patience))
	} else {
		exporter, err = otlptracehttp.New(ctx, otlptracehttp.WithEndpointURL(os.Getenv("URL")), otlptracehttp.WithTimeout(patience))
	}
	if err != nil {
		log.Fatal(err)
	}
	recorded := &recorder{SpanExporter: exporter}
	provider := sdk.NewTracerProvider(
		sdk.WithBatcher(recorded, sdk.WithBatchTimeout(200*time.Millisecond), sdk.WithExportTimeout(patience)),
		sdk.WithResource(resource.NewSchemaless(
			attribute.String("service.name", "go-"+os.Getenv("EXPORTER")),
			attribute.String("service.version", "1.2.3"),
		)),
	)
	tracer := provider.Tracer("shop", trace.WithInstrumentationVersion("4.5.6"))
	count, err := strconv.Atoi(os.Getenv("TRACES"))
	if err != nil {
		log.Fatal(err)
	}
	var previous trace.SpanContext
	for at := range count {
		var links []trace.Link
		if previous.IsValid() {
			links = append(links, trace.Link{SpanContext: previous})
		}
		inside, root := tracer.Start(ctx, "GET /orders/{id}", trace.WithSpanKind(trace.SpanKindServer), trace.WithLinks(links...))
		root.SetAttributes(attribute.String("http.request.method", "GET"), attribute.String("http.route", "/orders/{id}"))
		previous = root.SpanContext()
		_, query := tracer.Start(inside, "query", trace.WithSpanKind(trace.SpanKindClient))
		query.SetAttributes(
			attribute.Int("rows", at), attribute.Float64("ratio", 0.25), attribute.Bool("cached", at%2 == 0),
			attribute.String("text", "größer 😀 \"quoted\" \n"), attribute.StringSlice("ids", []string{"a", "b"}),
		)
		query.AddEvent("fetched", trace.WithAttributes(attribute.Int("page", 1)))
		if at%5 == 0 {
			query.SetStatus(codes.Error, "gone")
		}
		query.End()
		root.End()
		time.Sleep(5 * time.Millisecond)
	}
	if err := provider.Shutdown(ctx); err != nil {
		log.Print(err)
	}
	written, err := json.Marshal(recorded.spans)
	if err == nil {
		err = os.WriteFile(os.Getenv("OUT"), written, 0o600)
	}
	if err != nil {
		log.Fatal(err)
	}
}

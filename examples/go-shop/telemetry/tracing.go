// Package telemetry is the shop's OpenTelemetry tracing, with Hotspan's labels on the goroutines that run its spans.
package telemetry

import (
	"context"

	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracegrpc"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/sdk/resource"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"hotspan.dev/go/labels"
)

// StartTracing sends the spans of this process to an OTLP/gRPC endpoint such as "localhost:4317".
// The returned function sends what is still buffered.
func StartTracing(ctx context.Context, endpoint, service, version string) (func(context.Context) error, error) {
	exporter, err := otlptracegrpc.New(ctx, otlptracegrpc.WithEndpoint(endpoint), otlptracegrpc.WithInsecure())
	if err != nil {
		return nil, err
	}
	// Later detectors win: OTEL_RESOURCE_ATTRIBUTES may replace all that is found here.
	res, err := resource.New(ctx,
		resource.WithTelemetrySDK(),
		resource.WithHost(),
		resource.WithProcessPID(),
		resource.WithProcessRuntimeName(),
		resource.WithProcessRuntimeVersion(),
		resource.WithAttributes(
			attribute.String("service.name", service),
			attribute.String("service.version", version),
		),
		resource.WithFromEnv(),
	)
	if err != nil {
		return nil, err
	}
	provider := sdktrace.NewTracerProvider(sdktrace.WithBatcher(exporter), sdktrace.WithResource(res))
	otel.SetTracerProvider(labels.TracerProvider(provider))
	otel.SetTextMapPropagator(propagation.TraceContext{})
	return provider.Shutdown, nil
}

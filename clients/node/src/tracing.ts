import { createRequire, syncBuiltinESMExports } from "node:module";
import { type Attributes, ProxyTracerProvider, propagation, trace } from "@opentelemetry/api";
import { CompositePropagator, W3CBaggagePropagator, W3CTraceContextPropagator } from "@opentelemetry/core";
import { registerInstrumentations } from "@opentelemetry/instrumentation";
import { HttpInstrumentation } from "@opentelemetry/instrumentation-http";
import { detectResources, envDetector, resourceFromAttributes } from "@opentelemetry/resources";
import { BasicTracerProvider, BatchSpanProcessor } from "@opentelemetry/sdk-trace-base";
import { addRoute, watchFastify } from "./http-route";
import { type Settings, underUrl } from "./options";
import type { PushQueue } from "./push-queue";
import { createSpanExporter } from "./span-exporter";

export interface Tracing {
  readonly flush: () => Promise<void>;
  readonly shutdown: () => Promise<void>;
}

/** Whether the program registered a tracer provider, through whichever copy of the API. */
export function hasTracing(): boolean {
  const provider = trace.getTracerProvider();
  // Before one is registered the API's own stand-in delegates to the one no-op provider there is.
  if (!(provider instanceof ProxyTracerProvider)) return true;
  return provider.getDelegate() !== new ProxyTracerProvider().getDelegate();
}

/**
 * Spans of HTTP requests in and out, with the routes of Express and Fastify, exported in batches. The context manager must
 * be there already. OTEL_RESOURCE_ATTRIBUTES, OTEL_TRACES_SAMPLER and the like keep their meaning.
 */
export function startTracing(settings: Settings, resource: Attributes, queue: PushQueue): Tracing {
  const url = underUrl(settings.url, "v1/traces");
  const exporter = createSpanExporter(url, settings.headers, queue, {
    flushMs: settings.shutdownTimeoutMs,
    log: settings.log,
  });
  const provider = new BasicTracerProvider({
    resource: detectResources({ detectors: [envDetector] }).merge(resourceFromAttributes(resource)),
    spanProcessors: [new BatchSpanProcessor(exporter)],
  });
  trace.setGlobalTracerProvider(provider);
  propagation.setGlobalPropagator(
    new CompositePropagator({ propagators: [new W3CTraceContextPropagator(), new W3CBaggagePropagator()] }),
  );
  watchFastify();
  registerInstrumentations({
    tracerProvider: provider,
    instrumentations: [
      new HttpInstrumentation({ applyCustomAttributesOnSpan: (span, request) => addRoute(span, request) }),
      ...settings.instrumentations,
    ],
  });
  // Instrumentations patch what is required after them. Programs in ESM import the same objects without requiring them,
  // and their named imports are copies that Node brings up to date on request.
  const require = createRequire(__filename);
  require("node:http");
  require("node:https");
  syncBuiltinESMExports();
  return { flush: () => provider.forceFlush(), shutdown: () => provider.shutdown() };
}

/**
 * A program with OpenTelemetry's SDK, its usual batches and one of its exporters. Writes down each span that it ended and
 * what its exporter said became of it.
 *
 * EXPORTER proto, json, grpc or zipkin; URL of the endpoint; TRACES how many; EVERY_MS between two
 */
import { SpanKind, SpanStatusCode, trace } from "@opentelemetry/api";
import { OTLPTraceExporter as GrpcExporter } from "@opentelemetry/exporter-trace-otlp-grpc";
import { OTLPTraceExporter as JsonExporter } from "@opentelemetry/exporter-trace-otlp-http";
import { OTLPTraceExporter as ProtoExporter } from "@opentelemetry/exporter-trace-otlp-proto";
import { ZipkinExporter } from "@opentelemetry/exporter-zipkin";
import { resourceFromAttributes } from "@opentelemetry/resources";
import { BatchSpanProcessor, NodeTracerProvider } from "@opentelemetry/sdk-trace-node";

const { EVERY_MS = "0", EXPORTER, TRACES = "20", URL: url } = process.env;
const exporters = {
  proto: () => new ProtoExporter({ url, timeoutMillis: 30_000 }),
  json: () => new JsonExporter({ url, timeoutMillis: 30_000, compression: "gzip" }),
  grpc: () => new GrpcExporter({ url }),
  zipkin: () => new ZipkinExporter({ url }),
};

/** Stands before the exporter and hears what it says. */
class Recorder {
  constructor(inner) {
    this.inner = inner;
    this.spans = [];
  }
  export(spans, done) {
    this.inner.export(spans, (result) => {
      for (const span of spans) this.spans.push(describe(span, result.code === 0));
      done(result);
    });
  }
  forceFlush() {
    return this.inner.forceFlush?.() ?? Promise.resolve();
  }
  shutdown() {
    return this.inner.shutdown();
  }
}

const nanos = ([seconds, rest]) => String(BigInt(seconds) * 1_000_000_000n + BigInt(rest));

function describe(span, delivered) {
  const { spanId, traceId } = span.spanContext();
  return {
    delivered,
    traceId,
    spanId,
    parentSpanId: span.parentSpanContext?.spanId ?? "",
    name: span.name,
    kind: SpanKind[span.kind],
    start: nanos(span.startTime),
    end: nanos(span.endTime),
    status: SpanStatusCode[span.status.code],
    message: span.status.message ?? "",
    attributes: span.attributes,
    events: span.events.map(({ attributes, name, time }) => ({ name, time: nanos(time), attributes })),
    links: span.links.map(({ context }) => [context.traceId, context.spanId]),
  };
}

const recorder = new Recorder(exporters[EXPORTER]());
const provider = new NodeTracerProvider({
  resource: resourceFromAttributes({ "service.name": `otel-${EXPORTER}`, "service.version": "1.2.3" }),
  spanProcessors: [new BatchSpanProcessor(recorder, { scheduledDelayMillis: 200, maxExportBatchSize: 64 })],
});
provider.register();
const tracer = trace.getTracer("shop", "4.5.6");

let previous;
for (let at = 0; at < Number(TRACES); at++) {
  tracer.startActiveSpan(
    "GET",
    {
      kind: SpanKind.SERVER,
      links: previous === undefined ? [] : [{ context: previous }],
      attributes: { "http.request.method": "GET", "http.route": "/orders/{id}", "user.vip": at % 2 === 0 },
    },
    (root) => {
      previous = root.spanContext();
      tracer.startActiveSpan("query", { kind: SpanKind.CLIENT }, (query) => {
        query.setAttributes({ rows: at, ratio: 0.25, text: 'größer 😀 "quoted" \n', ids: ["a", "b"] });
        query.addEvent("fetched", { page: 1 });
        if (at % 5 === 0) {
          query.recordException(new Error("gone"));
          query.setStatus({ code: SpanStatusCode.ERROR, message: "gone" });
        }
        query.end();
      });
      tracer.startSpan("render").end();
      root.end();
    },
  );
  if (Number(EVERY_MS) > 0) await new Promise((resolve) => setTimeout(resolve, Number(EVERY_MS)));
}
// A batch that failed fails the shutdown too; what became of each span is told below.
await provider.shutdown().catch(() => undefined);
process.stdout.write(JSON.stringify(recorder.spans));

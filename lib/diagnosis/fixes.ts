/** What to paste so that samples and spans meet. The clients named here come with Hotspan (clients/go, clients/node). */
import type { FindingCode } from "@/lib/diagnosis/reason";

export interface Fix {
  readonly language: "go" | "nodejs" | "shell" | "text";
  /** What the snippet does, or all that can be said. */
  readonly text: string;
  /** "" where there is nothing to paste. */
  readonly snippet: string;
}

/** What a snippet names. */
export interface FixSubject {
  readonly service: string;
  readonly language: string;
  /** The name that spans have, where it differs from the service's. */
  readonly spanService?: string;
  /** The label whose values are ids. */
  readonly labelKey?: string;
}

type Snippets = (subject: FixSubject) => readonly Fix[];

const GO_MIDDLEWARE: Fix = {
  language: "go",
  text: "Wrap the handler with Hotspan's middleware inside OpenTelemetry's: it labels the goroutine with trace, span and endpoint.",
  snippet: `import (
	"go.opentelemetry.io/contrib/instrumentation/net/http/otelhttp"

	hotspan "example.com/hotspan/clients/go"
)

handler := otelhttp.NewHandler(hotspan.Middleware(mux), "http")`,
};

const nodeClient = (service: string): Fix => ({
  language: "nodejs",
  text: "Start Hotspan's client before anything else is loaded: it labels CPU samples across await.",
  snippet: `// node --import ./hotspan.mjs server.js
import { startHotspan } from "@hotspan/node";

startHotspan({ url: "http://localhost:3000", service: ${JSON.stringify(service)} });`,
});

const FIXES: Readonly<Record<FindingCode, Snippets>> = {
  "trace-not-sampled": () => [
    {
      language: "shell",
      text: "Keep the traces that are profiled: decide at the root, and let every service follow its parent's decision.",
      snippet: `export OTEL_TRACES_SAMPLER=parentbased_traceidratio
export OTEL_TRACES_SAMPLER_ARG=1`,
    },
    {
      language: "text",
      text: "Where a collector samples, keep whole traces: a tail sampler must see all spans of a trace in one place.",
      snippet: "",
    },
  ],
  "span-missing": () => [
    {
      language: "shell",
      text: "Give the exporter more room, so that it drops no span of a busy moment, and end every span that was started.",
      snippet: `export OTEL_BSP_MAX_QUEUE_SIZE=16384
export OTEL_BSP_MAX_EXPORT_BATCH_SIZE=2048`,
    },
  ],
  "no-window": ({ service }) => [
    {
      language: "shell",
      text: "Profile all the time, one window after another. For a Go service with net/http/pprof:",
      snippet: `while true; do
  curl -s "http://localhost:6060/debug/pprof/profile?seconds=10" |
    curl -s --data-binary @- "http://localhost:3000/api/v1/profiles?service=${encodeURIComponent(service)}"
done`,
    },
    {
      language: "text",
      text: "Or let Hotspan fetch them: add the service as a target in the settings.",
      snippet: "",
    },
  ],
  "names-differ": ({ service, spanService = service }) => [
    {
      language: "shell",
      text: `Let the spans say what the profiles say, or the other way round. Profiles of ${service} as ${spanService}:`,
      snippet: `curl --data-binary @cpu.pprof "http://localhost:3000/api/v1/profiles?service=${encodeURIComponent(spanService)}"`,
    },
    {
      language: "shell",
      text: `Or spans of ${spanService} as ${service}:`,
      snippet: `export OTEL_SERVICE_NAME=${shellWord(service)}`,
    },
  ],
  "labels-missing": clients,
  "labels-overwritten": ({ language, service }) => [
    ...(language === "nodejs"
      ? []
      : [
          {
            language: "go" as const,
            text: "Set further labels on the request's own context: pprof.Do adds to the labels of its context and replaces those of the goroutine.",
            snippet: `// not pprof.Do(context.Background(), ...): that takes trace_id and span_id away
pprof.Do(r.Context(), pprof.Labels("tenant", tenant), func(ctx context.Context) {
	work(ctx)
})`,
          },
        ]),
    ...(language === "go" ? [] : [nodeClient(service)]),
  ],
  "entry-only": ({ language, service }) => [
    ...(language === "nodejs"
      ? []
      : [
          {
            language: "go" as const,
            text: "Add Hotspan's span processor: it labels the goroutine anew for each child span, and puts the parent's labels back when it ends.",
            snippet: `provider := trace.NewTracerProvider(
	trace.WithSpanProcessor(hotspan.NewSpanProcessor()),
	trace.WithBatcher(exporter),
)`,
          },
        ]),
    ...(language === "go" ? [] : [nodeClient(service)]),
  ],
  "ids-unreadable": ({ labelKey, language }) => [
    ...(language === "nodejs"
      ? []
      : [
          {
            language: "go" as const,
            text: `Write the ids in lower-case hex under trace_id and span_id${labelKey === undefined ? "" : ` instead of "${labelKey}"`}.`,
            snippet: `span := trace.SpanContextFromContext(ctx)
labels := pprof.Labels(
	"trace_id", span.TraceID().String(),
	"span_id", span.SpanID().String(),
)`,
          },
        ]),
    ...(language === "go"
      ? []
      : [
          {
            language: "nodejs" as const,
            text: "OpenTelemetry's own ids are in the right form already.",
            snippet: `const { traceId, spanId } = trace.getActiveSpan().spanContext();
const labels = { trace_id: traceId, span_id: spanId };`,
          },
        ]),
  ],
  "too-short": () => [
    {
      language: "text",
      text: "One short request says little: look at its endpoint instead, where the samples of all its requests add up.",
      snippet: "",
    },
  ],
  "clock-skew": ({ service }) => [
    {
      language: "shell",
      text: "Let both hosts keep the same time, and see how far this one is off:",
      snippet: "chronyc tracking",
    },
    {
      language: "shell",
      text: "Profiles that were kept for a while say themselves when they began (Unix nanoseconds):",
      snippet: `curl --data-binary @cpu.pprof "http://localhost:3000/api/v1/profiles?service=${encodeURIComponent(service)}&start=$START"`,
    },
  ],
  "type-without-labels": () => [
    {
      language: "text",
      text: "Go and Node label CPU samples only. Compare memory and locks of the whole service over a time range, not of a trace.",
      snippet: "",
    },
  ],
};

function clients({ language, service }: FixSubject): readonly Fix[] {
  if (language === "go") return [GO_MIDDLEWARE];
  return language === "nodejs" ? [nodeClient(service)] : [GO_MIDDLEWARE, nodeClient(service)];
}

/** @returns what to do about it, for the service's language where it is known */
export function fixesOf(code: FindingCode, subject: FixSubject): readonly Fix[] {
  return FIXES[code](subject);
}

function shellWord(text: string): string {
  return /^[\w.@%+=:,/-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
}

/** What to paste so that samples and spans meet. The clients named here come with Hotspan: clients/go, clients/node. */
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
  /** telemetry.sdk.language, "" when unknown. */
  readonly language: string;
  /** The name that spans have, where it differs from the service's. */
  readonly spanService?: string;
  /** The label whose values are ids. */
  readonly labelKey?: string;
}

/** @returns what to do about it, for the service's language where it is known; snippets call Hotspan http://localhost:3000 */
export function fixesOf(code: FindingCode, subject: FixSubject): readonly Fix[] {
  return FIXES[code](subject);
}

const FIXES: Readonly<Record<FindingCode, (subject: FixSubject) => readonly Fix[]>> = {
  "trace-not-sampled": () => [
    shell(
      "Keep the traces that are profiled: decide at the root, and let every service follow its parent. Hotspan's own clients label sampled traces only.",
      "export OTEL_TRACES_SAMPLER=parentbased_traceidratio\nexport OTEL_TRACES_SAMPLER_ARG=1",
    ),
    text(
      "Where a collector samples, keep whole traces: a tail sampler must see all spans of a trace in one place.",
    ),
  ],
  "span-missing": () => [
    shell(
      "Give the exporter more room, so that it drops no span of a busy moment, and end every span that was started.",
      "export OTEL_BSP_MAX_QUEUE_SIZE=16384\nexport OTEL_BSP_MAX_EXPORT_BATCH_SIZE=2048",
    ),
  ],
  "no-window": ({ language, service }) => [
    ...clientsOf(language, goProfiler(service), nodeClient(service)),
    shell(
      "Without a change to the service, where it serves net/http/pprof: let Hotspan collect the profiles (in the settings), or push them.",
      `while curl -s "http://localhost:6060/debug/pprof/profile?seconds=10" -o cpu.pprof; do
  ${curlProfile(service)}
done`,
    ),
  ],
  "names-differ": ({ service, spanService = service }) => [
    shell(`Let the profiles of ${service} say what its spans say:`, curlProfile(spanService)),
    shell(
      `Or let the spans of ${spanService} say what its profiles say:`,
      `export OTEL_SERVICE_NAME=${shellWord(service)}`,
    ),
  ],
  "labels-missing": ({ language, service }) => clientsOf(language, GO_HANDLER, nodeClient(service)),
  "labels-overwritten": ({ language, service }) => clientsOf(language, GO_OWN_LABELS, nodeClient(service)),
  "entry-only": ({ language, service }) => clientsOf(language, GO_CHILD_SPANS, nodeClient(service)),
  "ids-unreadable": ({ labelKey, language }) => clientsOf(language, goIds(labelKey), NODE_IDS),
  "too-short": () => [
    text(
      "One short request says little: look at its endpoint instead, where the samples of all its requests add up.",
    ),
  ],
  "clock-skew": ({ service }) => [
    shell("Let both hosts keep the same time, and see how far this one is off:", "chronyc tracking"),
    shell(
      "Profiles that were kept for a while say themselves when they began, in Unix nanoseconds:",
      curlProfile(service, "&start=$START"),
    ),
  ],
  "type-without-labels": () => [
    text(
      "Go and Node label CPU samples only. Look at memory and locks of the whole service over a time range, not of one trace.",
    ),
  ],
};

const GO_HANDLER: Fix = {
  language: "go",
  text: "Label the goroutine of each request with its trace, span and endpoint, inside OpenTelemetry's own middleware; work that comes in by another way with labels.Do.",
  snippet: `import (
	"go.opentelemetry.io/contrib/instrumentation/net/http/otelhttp"
	"hotspan.dev/go/labels"
)

handler := otelhttp.NewHandler(labels.Handler(mux), "http")`,
};

const GO_CHILD_SPANS: Fix = {
  language: "go",
  text: "Wrap the tracer provider: each child span then labels the goroutine anew, and gives it its former labels back when it ends.",
  snippet: `import "hotspan.dev/go/labels"

otel.SetTracerProvider(labels.TracerProvider(tracerProvider))`,
};

const GO_OWN_LABELS: Fix = {
  language: "go",
  text: "Set further labels on the request's own context: pprof.Do puts the labels of its context in the place of the goroutine's.",
  snippet: `// with context.Background() trace_id and span_id would be gone
pprof.Do(r.Context(), pprof.Labels("tenant", tenant), func(ctx context.Context) {
	work(ctx)
})`,
};

function goProfiler(service: string): Fix {
  return {
    language: "go",
    text: "Profile all the time, one window after another.",
    snippet: `import "hotspan.dev/go/profiler"

p, err := profiler.Start(profiler.Config{
	URL:      "http://localhost:3000",
	Service:  ${JSON.stringify(service)},
	CPUEvery: 10 * time.Second,
})`,
  };
}

const RIGHT_KEYS: ReadonlySet<string> = new Set(["trace_id", "span_id"]);

function goIds(labelKey: string | undefined): Fix {
  return {
    language: "go",
    text: `Write the ids in lower-case hex under trace_id and span_id${labelKey === undefined || RIGHT_KEYS.has(labelKey) ? "" : `, not under "${labelKey}"`}.`,
    snippet: `span := trace.SpanContextFromContext(ctx)
labels := pprof.Labels(
	"trace_id", span.TraceID().String(),
	"span_id", span.SpanID().String(),
)`,
  };
}

const NODE_IDS: Fix = {
  language: "nodejs",
  text: "OpenTelemetry's own ids are in the right form already.",
  snippet: `const { traceId, spanId } = trace.getActiveSpan().spanContext();
const labels = { trace_id: traceId, span_id: spanId };`,
};

function nodeClient(service: string): Fix {
  return {
    language: "nodejs",
    text: "Start Hotspan's client before anything else is imported: it labels CPU samples across await.",
    snippet: `// hotspan.mjs, as in: node --import ./hotspan.mjs server.mjs
import { startHotspan } from "@hotspan/node";

startHotspan({ url: "http://localhost:3000", service: ${JSON.stringify(service)} });`,
  };
}

const OTHER_LANGUAGE = text(
  "Let the profiler write the labels trace_id and span_id, in lower-case hex, on the samples of each request.",
);

function clientsOf(language: string, go: Fix, node: Fix): readonly Fix[] {
  if (language === "") return [go, node];
  if (language === "go") return [go];
  return [language === "nodejs" ? node : OTHER_LANGUAGE];
}

function shell(words: string, snippet: string): Fix {
  return { language: "shell", text: words, snippet };
}

function text(words: string): Fix {
  return { language: "text", text: words, snippet: "" };
}

function curlProfile(service: string, more = ""): string {
  return `curl -s --data-binary @cpu.pprof "http://localhost:3000/api/v1/profiles?service=${encodeURIComponent(service)}${more}"`;
}

function shellWord(word: string): string {
  return /^[\w.@%+=:,/-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
}

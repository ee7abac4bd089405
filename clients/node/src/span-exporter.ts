import { promisify } from "node:util";
import { constants, gzip } from "node:zlib";
import { type ExportResult, ExportResultCode } from "@opentelemetry/core";
import { ProtobufTraceSerializer } from "@opentelemetry/otlp-transformer";
import type { ReadableSpan, SpanExporter } from "@opentelemetry/sdk-trace-base";
import { type Log, reasonOf } from "./log";
import type { PushQueue } from "./push-queue";

const compress = promisify(gzip);

/**
 * OTLP over the queue that profiles go by. The exporter of the SDK gives up ten seconds after the first failure and keeps
 * the process alive meanwhile; this one keeps the spans, in bounds, over a restart of Hotspan, and lets the process go.
 */
export function createSpanExporter(
  url: URL,
  headers: Readonly<Record<string, string>>,
  queue: PushQueue,
  { flushMs, log }: { readonly flushMs: number; readonly log: Log },
): SpanExporter {
  const under = new Set<Promise<void>>();

  async function enqueue(spans: ReadableSpan[]): Promise<void> {
    const bytes = ProtobufTraceSerializer.serializeRequest(spans);
    if (bytes === undefined) throw new Error(`${spans.length} spans could not be serialised`);
    queue.add({
      url,
      // Attributes repeat in every span: the fastest level leaves a tenth already, off the main thread.
      body: await compress(bytes, { level: constants.Z_BEST_SPEED }),
      headers: { ...headers, "content-type": "application/x-protobuf", "content-encoding": "gzip" },
    });
  }

  async function flush(): Promise<void> {
    await Promise.all(under);
    await queue.flush(flushMs);
  }

  return {
    export: (spans, done: (result: ExportResult) => void) => {
      const work = enqueue(spans)
        .then(
          (): ExportResult => ({ code: ExportResultCode.SUCCESS }),
          (error: Error): ExportResult => ({ code: ExportResultCode.FAILED, error }),
        )
        .then(done)
        .catch((error: unknown) => log(`exporting spans failed: ${reasonOf(error)}`))
        .finally(() => under.delete(work));
      under.add(work);
    },
    forceFlush: flush,
    shutdown: async () => {
      await flush();
      queue.close();
    },
  };
}

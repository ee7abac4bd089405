import { HotspanError } from "@/lib/errors";
import type { ByteLease } from "@/lib/ingest/byte-budget";
import type { DecodePool } from "@/lib/ingest/decode-pool";
import type { OtlpEncoding } from "@/lib/ingest/otlp-traces";
import { decodeTraceRows, type TraceRows, type TraceUpload } from "@/lib/ingest/trace-rows";
import { createGroupCommit } from "@/lib/store/group-commit";
import { insertSpans } from "@/lib/store/insert-spans";
import type { SpanRows } from "@/lib/store/span-row";

/** Below this the way to a worker and back costs more than decoding here (0.3 ms). */
const INLINE_BYTES = 32_768;
/** How long a group waits for a store that restarts before its senders are told to retry: some of them never do. */
const PATIENCE_MS = 4_000;

export interface TraceReceipt {
  readonly rejectedSpans: number;
  /** Why, and what was cut from the spans that were kept; "" when all is well. */
  readonly message: string;
}

export interface TraceIntake {
  /**
   * @param body uncompressed; not to be used afterwards
   * @returns once every good span of the body is stored
   * @throws HotspanError `invalid-input`, `overloaded` or `unavailable`; then none of it counts as received
   */
  accept(body: Buffer, encoding: OtlpEncoding, source: string, lease: ByteLease): Promise<TraceReceipt>;
  readonly counts: { accepted: number; rejected: number; failedRequests: number };
  queuedSpans(): number;
  /** Stores what waits; a store that does not answer is not waited for. */
  drain(): Promise<void>;
}

/** Traces from bytes to the store, the same for HTTP and gRPC. */
export function createTraceIntake(pool: DecodePool): TraceIntake {
  const counts = { accepted: 0, rejected: 0, failedRequests: 0 };
  const stopping = new AbortController();
  const groups = createGroupCommit<SpanRows, number>({
    rowsOf: (rows) => rows.count,
    commit: (group) => withPatience(() => insertSpans(group), stopping.signal),
    minRows: 5_000,
    maxWaitMs: 150,
    maxRows: 50_000,
    maxQueuedRows: 200_000,
  });

  async function decode(upload: TraceUpload): Promise<TraceRows> {
    if (upload.bytes.length <= INLINE_BYTES) return decodeTraceRows(upload);
    const result = await pool.run({ kind: "otlp-traces", upload });
    if (result.kind !== "otlp-traces") throw new Error(`A decode worker answered ${result.kind} to traces.`);
    return result.traces;
  }

  return {
    counts,
    queuedSpans: groups.queuedRows,
    drain: () => {
      stopping.abort();
      return groups.drain();
    },
    accept: async (bytes, encoding, source, lease) => {
      try {
        const now = BigInt(Date.now()) * 1_000_000n;
        const { rows, rejectedSpans, message } = await decode({ bytes, encoding, now, source });
        lease.hold(rows.text.length);
        const refused = rows.count === 0 ? 0 : await groups.submit(rows);
        counts.accepted += rows.count - refused;
        counts.rejected += rejectedSpans + refused;
        if (refused === 0) return { rejectedSpans, message };
        return {
          rejectedSpans: rejectedSpans + refused,
          message: `${message} ${refused} spans refused by the store.`.trim(),
        };
      } catch (error) {
        counts.failedRequests++;
        throw error;
      }
    },
  };
}

/** Runs `work` again while the store is away. It must be safe to repeat, as inserting spans once is. */
async function withPatience<T>(work: () => Promise<T>, stopping: AbortSignal): Promise<T> {
  const deadline = performance.now() + PATIENCE_MS;
  for (let pauseMs = 100; ; pauseMs *= 2) {
    try {
      return await work();
    } catch (error) {
      const isAway = error instanceof HotspanError && error.code === "unavailable";
      if (!isAway || stopping.aborted || performance.now() + pauseMs > deadline) {
        console.error("Spans were not stored:", error instanceof Error ? (error.cause ?? error) : error);
        throw error;
      }
    }
    await new Promise<void>((resolve) => {
      const timer = setTimeout(done, pauseMs);
      function done() {
        clearTimeout(timer);
        stopping.removeEventListener("abort", done);
        resolve();
      }
      stopping.addEventListener("abort", done);
    });
  }
}

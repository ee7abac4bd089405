import type { ByteLease } from "@/lib/ingest/byte-budget";
import type { DecodePool } from "@/lib/ingest/decode-pool";
import {
  decodeTraceRows,
  type TraceEncoding,
  type TraceRows,
  type TraceUpload,
} from "@/lib/ingest/trace-rows";
import { withPatience } from "@/lib/ingest/with-patience";
import { createGroupCommit } from "@/lib/store/group-commit";
import { insertSpans, stageSpans } from "@/lib/store/insert-spans";
import type { Sampler } from "@/lib/store/run-sampler";
import type { SpanRows } from "@/lib/store/span-row";

/** Below this the way to a worker and back costs more than decoding here (0.3 ms). */
const INLINE_BYTES = 32_768;

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
  accept(body: Buffer, encoding: TraceEncoding, source: string, lease: ByteLease): Promise<TraceReceipt>;
  /** The same for spans that were decoded already. */
  acceptRows(traces: TraceRows, lease: ByteLease): Promise<TraceReceipt>;
  readonly counts: { accepted: number; rejected: number; failedRequests: number };
  queuedSpans(): number;
  /** Requests whose spans wait to be stored. */
  queuedBatches(): number;
  /** Stores what waits; a store that does not answer is not waited for. */
  drain(): Promise<void>;
}

export interface TraceIntakeOptions {
  /** While it is on, spans wait until their trace is decided. */
  readonly sampler: Pick<Sampler, "isOn">;
  /** More requests than this waiting are refused. */
  readonly maxQueuedBatches: number;
}

/** Traces from bytes to the store, the same for HTTP and gRPC. */
export function createTraceIntake(
  pool: DecodePool,
  { maxQueuedBatches, sampler }: TraceIntakeOptions,
): TraceIntake {
  const counts = { accepted: 0, rejected: 0, failedRequests: 0 };
  const stopping = new AbortController();
  const groups = createGroupCommit<SpanRows, number>({
    rowsOf: (rows) => rows.count,
    commit: (group) =>
      withPatience(() => (sampler.isOn() ? stageSpans(group) : insertSpans(group)), stopping.signal),
    minRows: 5_000,
    maxWaitMs: 150,
    maxRows: 50_000,
    maxQueuedRows: 200_000,
    maxQueuedItems: maxQueuedBatches,
  });

  async function decode(upload: TraceUpload): Promise<TraceRows> {
    if (upload.bytes.length <= INLINE_BYTES) return decodeTraceRows(upload);
    const result = await pool.run({ kind: "otlp-traces", upload });
    if (result.kind !== "otlp-traces") throw new Error(`A decode worker answered ${result.kind} to traces.`);
    return result.traces;
  }

  async function store({ message, rejectedSpans, rows }: TraceRows, lease: ByteLease): Promise<TraceReceipt> {
    lease.hold(rows.text.length);
    const refused = rows.count === 0 ? 0 : await groups.submit(rows);
    counts.accepted += rows.count - refused;
    counts.rejected += rejectedSpans + refused;
    if (refused === 0) return { rejectedSpans, message };
    return {
      rejectedSpans: rejectedSpans + refused,
      message: `${message} ${refused} spans refused by the store.`.trim(),
    };
  }

  async function counted(work: () => Promise<TraceReceipt>): Promise<TraceReceipt> {
    try {
      return await work();
    } catch (error) {
      counts.failedRequests++;
      throw error;
    }
  }

  return {
    counts,
    queuedSpans: groups.queuedRows,
    queuedBatches: groups.queuedItems,
    drain: () => {
      stopping.abort();
      return groups.drain();
    },
    accept: (bytes, encoding, source, lease) =>
      counted(async () => {
        const now = BigInt(Date.now()) * 1_000_000n;
        return store(await decode({ bytes, encoding, now, source }), lease);
      }),
    acceptRows: (traces, lease) => counted(() => store(traces, lease)),
  };
}

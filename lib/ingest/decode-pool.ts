import { Worker } from "node:worker_threads";
import { HotspanError, invalidInput } from "@/lib/errors";
import {
  bytesOfTask,
  type DecodeFailure,
  type DecodeResult,
  type DecodeTask,
} from "@/lib/ingest/decode-task";

export interface DecodePool {
  /**
   * Decodes in a worker thread; the task's bytes belong to the worker from then on.
   * @throws HotspanError `invalid-input` for bad data, or for data that takes too long or too much memory to read
   */
  run(task: DecodeTask): Promise<DecodeResult>;
  close(): Promise<void>;
}

export interface DecodePoolOptions {
  readonly script: URL;
  readonly workers: number;
  /** For any body; large ones get more (MS_PER_MEGABYTE). */
  readonly limitMs: number;
  /** Of one worker; one that runs out of it ends alone. */
  readonly heapMegabytes?: number;
}

interface Job {
  readonly task: DecodeTask;
  readonly resolve: (result: DecodeResult) => void;
  readonly reject: (error: unknown) => void;
}

type Answer = { readonly result: DecodeResult } | { readonly failure: DecodeFailure };

/** A hundredth of the usual speed: only a body made to be slow, or a machine that is stuck, takes longer. */
const MS_PER_MEGABYTE = 500;
/** Above what the largest body (64 MiB of spans) needs. */
const WORKER_HEAP_MB = 1_536;

/** Workers are started when first needed, take one job at a time, and are replaced when a job has to be stopped. */
export function createDecodePool(options: DecodePoolOptions): DecodePool {
  const idle: Worker[] = [];
  const all = new Set<Worker>();
  const queue: Job[] = [];

  function next(): void {
    const worker = idle.pop() ?? (all.size < options.workers && queue.length > 0 ? start() : undefined);
    if (worker === undefined) return;
    const job = queue.shift();
    if (job === undefined) {
      idle.push(worker);
      return;
    }
    give(worker, job);
  }

  function start(): Worker {
    const worker = new Worker(options.script, {
      resourceLimits: { maxOldGenerationSizeMb: options.heapMegabytes ?? WORKER_HEAP_MB },
    });
    worker.on("error", (error) => console.error("A decode worker ended:", error.message));
    worker.on("exit", () => {
      all.delete(worker);
      const at = idle.indexOf(worker);
      if (at >= 0) idle.splice(at, 1);
      next();
    });
    all.add(worker);
    return worker;
  }

  function give(worker: Worker, job: Job): void {
    const bytes = bytesOfTask(job.task);
    const limitMs = options.limitMs + (bytes.length / 1_048_576) * MS_PER_MEGABYTE;
    const settle = () => {
      clearTimeout(timer);
      worker.off("message", onMessage);
      worker.off("error", onError);
      worker.off("exit", onExit);
    };
    const onMessage = (answer: Answer) => {
      settle();
      if ("result" in answer) job.resolve(answer.result);
      else job.reject(fromFailure(answer.failure));
      idle.push(worker);
      next();
    };
    const onError = (error: Error & { code?: string }) => {
      settle();
      job.reject(
        error.code === "ERR_WORKER_OUT_OF_MEMORY"
          ? invalidInput("The body needs more memory to decode than it may: send smaller batches.")
          : error,
      );
    };
    const onExit = () => {
      settle();
      job.reject(new HotspanError("unavailable", "The receiver is shutting down.", { retryAfterSeconds: 1 }));
    };
    const timer = setTimeout(() => {
      settle();
      job.reject(
        invalidInput(`Decoding was stopped after ${Math.round(limitMs / 1_000)} s: send smaller batches.`),
      );
      void worker.terminate();
    }, limitMs);
    worker.on("message", onMessage);
    worker.on("error", onError);
    worker.on("exit", onExit);
    worker.postMessage(job.task, ownBuffer(bytes));
  }

  return {
    run: (task) =>
      new Promise((resolve, reject) => {
        queue.push({ task, resolve, reject });
        next();
      }),
    close: async () => {
      await Promise.all([...all].map((worker) => worker.terminate()));
    },
  };
}

/** A body that has its memory for itself moves; one in Node's shared pool is copied. */
function ownBuffer(bytes: Uint8Array): ArrayBuffer[] {
  const { buffer, byteLength } = bytes;
  return buffer instanceof ArrayBuffer && buffer.byteLength === byteLength && byteLength > 0 ? [buffer] : [];
}

function fromFailure(failure: DecodeFailure): Error {
  return failure.code === "internal"
    ? new Error(`A decode worker failed: ${failure.message}`)
    : new HotspanError(failure.code, failure.message);
}

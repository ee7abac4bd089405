import { type Log, reasonOf } from "./log";
import type { Push, SendHow, SendResult } from "./send";

export interface PushCounts {
  readonly stored: number;
  /** Given up because the queue was full; the oldest go first. */
  readonly dropped: number;
  /** Given up because Hotspan will never take them. */
  readonly refused: number;
  readonly queued: number;
  readonly queuedBytes: number;
}

export interface PushQueue {
  readonly add: (push: Push) => void;
  /** Sends what is there without waiting for the next attempt; ends at the first failure or after `ms`. */
  readonly flush: (ms: number) => Promise<void>;
  /** Nothing is sent of its own accord any more. */
  readonly close: () => void;
  readonly counts: () => PushCounts;
}

export interface PushQueueOptions {
  /** For warnings: "profiles". */
  readonly what: string;
  readonly maxItems: number;
  readonly maxBytes: number;
  readonly send: (push: Push, how: SendHow) => Promise<SendResult>;
  readonly log: Log;
}

const FIRST_WAIT_MS = 1_000;
const LONGEST_WAIT_MS = 30_000;
const LONGEST_ASKED_WAIT_MS = 120_000;
const TIMEOUT_MS = 10_000;

/**
 * Oldest first, one at a time. What is being sent stays at the head until it is answered, so a server that goes away in
 * mid-push loses nothing; sending the same bytes twice is safe, Hotspan stores them once.
 */
export function createPushQueue({ what, maxItems, maxBytes, send, log }: PushQueueOptions): PushQueue {
  const waiting: Push[] = [];
  const counts = { stored: 0, dropped: 0, refused: 0 };
  let bytes = 0;
  let sending: Push | undefined;
  let failures = 0;
  let timer: NodeJS.Timeout | undefined;
  let draining: Promise<void> | undefined;
  let closed = false;

  function remove(push: Push): void {
    const at = waiting.indexOf(push);
    if (at === -1) return;
    waiting.splice(at, 1);
    bytes -= push.body.length;
  }

  function add(push: Push): void {
    const size = push.body.length;
    // What is on the wire stays, as it may be stored already; what fits not even beside it pushes nothing out.
    if (size > maxBytes - (sending?.body.length ?? 0) || (sending !== undefined && maxItems === 1)) {
      counts.dropped++;
      log(`${what} of ${size} bytes are larger than what the queue can hold, and were dropped`);
      return;
    }
    while (waiting.length >= maxItems || bytes + size > maxBytes) {
      const oldest = waiting.find((other) => other !== sending);
      if (oldest === undefined) break;
      remove(oldest);
      counts.dropped++;
      log(`more ${what} wait for Hotspan than the queue holds: the oldest are dropped`);
    }
    waiting.push(push);
    bytes += size;
    if (timer === undefined && !closed) void drain({ hold: false, deadline: Number.POSITIVE_INFINITY });
  }

  /** One at a time, so that nothing is on the wire twice. */
  function drain(how: { readonly hold: boolean; readonly deadline: number }): Promise<void> {
    draining ??= sendAll(how.hold, how.deadline)
      .catch((error: unknown) => log(`pushing ${what} failed: ${reasonOf(error)}`))
      .finally(() => {
        draining = undefined;
        if (waiting.length > 0) wait(FIRST_WAIT_MS);
      });
    return draining;
  }

  async function sendAll(hold: boolean, deadline: number): Promise<void> {
    for (let [push] = waiting; push !== undefined && !closed; [push] = waiting) {
      const timeoutMs = Math.min(TIMEOUT_MS, deadline - Date.now());
      if (timeoutMs <= 0) return;
      sending = push;
      const result = await send(push, { hold, timeoutMs });
      sending = undefined;
      if (result.kind === "retry") {
        log(`pushing ${what} to ${push.url.origin} failed (${result.reason}); they are kept and sent again`);
        wait(Math.max(backoff(failures++), Math.min(result.afterMs ?? 0, LONGEST_ASKED_WAIT_MS)));
        return;
      }
      remove(push);
      failures = 0;
      counts[result.kind]++;
      if (result.kind === "stored") push.onStored?.(result.answer);
      else log(`Hotspan refused ${what} (${result.reason})`);
    }
  }

  function wait(ms: number): void {
    if (closed || timer !== undefined) return;
    timer = setTimeout(() => {
      timer = undefined;
      void drain({ hold: false, deadline: Number.POSITIVE_INFINITY });
    }, ms).unref();
  }

  return {
    add,
    flush: async (ms) => {
      const deadline = Date.now() + ms;
      // What is under way does not hold the process; these timers do, until it is answered.
      await within(draining, ms);
      clearTimeout(timer);
      timer = undefined;
      await within(drain({ hold: true, deadline }), deadline - Date.now());
    },
    close: () => {
      closed = true;
      clearTimeout(timer);
    },
    counts: () => ({ ...counts, queued: waiting.length, queuedBytes: bytes }),
  };
}

/** Clients that lost the server together do not come back together. */
function backoff(failures: number): number {
  return Math.min(FIRST_WAIT_MS * 2 ** failures, LONGEST_WAIT_MS) * (0.8 + 0.4 * Math.random());
}

/** Holds the process, for at most `ms`. @returns undefined when it took longer */
export async function within<T>(work: Promise<T> | undefined, ms: number): Promise<T | undefined> {
  if (work === undefined) return undefined;
  let timer: NodeJS.Timeout | undefined;
  const deadline = new Promise<undefined>((resolve) => {
    timer = setTimeout(() => resolve(undefined), Math.max(0, ms));
  });
  try {
    return await Promise.race([work, deadline]);
  } finally {
    clearTimeout(timer);
  }
}

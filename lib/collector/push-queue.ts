/**
 * What a collector of its own has for another Hotspan. While that is away it waits in a queue of bounded bytes; the oldest
 * goes when the queue is full, for what is newest is what somebody will ask for.
 */
import { createHash } from "node:crypto";
import type { Capture } from "@/lib/api/targets-contract";
import type { Clock } from "@/lib/collector/parts";

export interface Upload {
  /** A pprof. */
  readonly bytes: Uint8Array;
  /** Of POST /api/v1/profiles. */
  readonly query: URLSearchParams;
}

export interface PushQueue {
  /** @returns the id that the profile will have: the first digits of its sha256, which the receiver takes too */
  push(upload: Upload): string;
  /** Behind the profiles that it names. */
  report(capture: Capture): void;
  /** Sends until the signal; then once more what is there, for a few seconds. */
  run(signal: AbortSignal): Promise<void>;
  readonly counts: { sent: number; refused: number; dropped: number };
  /** Bytes that wait. */
  held(): number;
}

interface Item {
  readonly path: string;
  readonly type: string;
  readonly body: Uint8Array;
}

interface PushParts {
  /** Of the dashboard. */
  readonly url: string;
  readonly clock: Pick<Clock, "wait" | "random">;
  readonly log: (line: string) => void;
  readonly maxBytes?: number;
}

const MAX_BYTES = 134_217_728;
const SEND_MS = 30_000;
const FIRST_PAUSE_MS = 1_000;
const LONGEST_PAUSE_MS = 60_000;
const LAST_MS = 4_000;

export function createPushQueue({ clock, log, maxBytes = MAX_BYTES, url }: PushParts): PushQueue {
  const items: Item[] = [];
  const counts = { sent: 0, refused: 0, dropped: 0 };
  let held = 0;
  let wake: () => void = () => undefined;

  function add(item: Item): void {
    items.push(item);
    held += item.body.length;
    while (held > maxBytes && items.length > 1) {
      held -= items.shift()?.body.length ?? 0;
      counts.dropped++;
    }
    wake();
  }

  /** @returns false when it is to be sent again */
  async function send({ body, path, type }: Item, signal: AbortSignal): Promise<boolean> {
    const answer = await fetch(new URL(path, url), {
      method: "POST",
      headers: { "content-type": type },
      body: new Uint8Array(body),
      redirect: "error",
      signal: AbortSignal.any([signal, AbortSignal.timeout(SEND_MS)]),
    }).catch(() => undefined);
    const text = await answer?.text().catch(() => "");
    if (answer?.ok === true) {
      counts.sent++;
      return true;
    }
    // 408, 429 and 5xx pass; what else it refuses it will refuse again.
    if (answer === undefined || answer.status >= 500 || answer.status === 429 || answer.status === 408)
      return false;
    counts.refused++;
    log(`${url} refused a ${path.split("?")[0]} with ${answer.status}: ${(text ?? "").slice(0, 200)}`);
    return true;
  }

  async function drain(signal: AbortSignal, whenAway: () => Promise<void>): Promise<void> {
    while (items.length > 0 && !signal.aborted) {
      const [first] = items;
      if (first === undefined) return;
      const isDone = await send(first, signal);
      if (isDone && items[0] === first) {
        items.shift();
        held -= first.body.length;
      }
      if (!isDone) await whenAway();
    }
  }

  return {
    counts,
    held: () => held,
    push: ({ bytes, query }) => {
      add({ path: `/api/v1/profiles?${query}`, type: "application/octet-stream", body: bytes });
      return createHash("sha256").update(bytes).digest("hex").slice(0, 16);
    },
    report: ({ targetId: _, ...capture }) =>
      add({ path: "/api/v1/captures", type: "application/json", body: Buffer.from(JSON.stringify(capture)) }),
    run: async (signal) => {
      let pauseMs = FIRST_PAUSE_MS;
      let isAway = false;
      let droppedBefore = counts.dropped;
      signal.addEventListener("abort", () => wake(), { once: true });
      while (!signal.aborted) {
        const woken = new Promise<void>((resolve) => {
          wake = resolve;
          if (signal.aborted) resolve();
        });
        await drain(signal, async () => {
          if (!isAway) log(`${url} does not take profiles; they wait here.`);
          isAway = true;
          await clock.wait(pauseMs * (1 + clock.random() / 5), signal);
          pauseMs = Math.min(pauseMs * 2, LONGEST_PAUSE_MS);
        });
        if (items.length > 0) continue;
        if (isAway) {
          const lost = counts.dropped - droppedBefore;
          log(
            `${url} takes profiles again${lost > 0 ? `; ${lost} that waited were given up for newer ones` : ""}.`,
          );
        }
        isAway = false;
        droppedBefore = counts.dropped;
        pauseMs = FIRST_PAUSE_MS;
        await woken;
      }
      const last = AbortSignal.timeout(LAST_MS);
      await drain(last, () => clock.wait(FIRST_PAUSE_MS, last));
    },
  };
}

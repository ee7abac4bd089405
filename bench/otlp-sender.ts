/**
 * Sends spans at a steady rate for a bounded time, from a process of its own, so that it waits for nobody:
 *   node otlp-sender.mjs ROOT URL SPANS_PER_SECOND SECONDS
 * Prints "ready" when the bodies are made, begins then, and ends with one line of JSON.
 */

import { spreadOf } from "./figure";
import { bodyMaker, readRecordedBody, SPANS_PER_BODY } from "./otlp-bodies";

const MOST_UNANSWERED = 200;

export interface SenderReport {
  readonly askedPerSecond: number;
  /** Spans that were answered 200, over the time until the last answer. */
  readonly acknowledgedPerSecond: number;
  readonly acknowledged: number;
  readonly refused: number;
  /** Bodies not sent because too many were unanswered. */
  readonly skipped: number;
  readonly answerP50Ms: number;
  readonly answerP95Ms: number;
}

const [root = ".", url = "", rate = 0, seconds = 0] = process.argv
  .slice(2)
  .map((argument, index) => (index < 2 ? argument : Number(argument))) as [string, string, number, number];

const gap = (1_000 * SPANS_PER_BODY) / rate;
const count = Math.round((seconds * 1_000) / gap);
const makeBody = bodyMaker(readRecordedBody(root));
const soon = Date.now();
const bodies = Array.from({ length: count }, (_, index) => makeBody(soon + index * gap));
process.stdout.write("ready\n");

let unanswered = 0;
let skipped = 0;
const began = performance.now();
const answers: Promise<number>[] = [];
for (const [index, body] of bodies.entries()) {
  const wait = index * gap - (performance.now() - began);
  if (wait > 0) await new Promise((resolve) => setTimeout(resolve, wait));
  if (unanswered >= MOST_UNANSWERED) skipped++;
  else answers.push(send(body));
}
const times = await Promise.all(answers);
const elapsed = (performance.now() - began) / 1_000;
const stored = times.filter((ms) => ms >= 0);
const { p50, p95 } = spreadOf(stored);
const report: SenderReport = {
  askedPerSecond: rate,
  acknowledgedPerSecond: (stored.length * SPANS_PER_BODY) / elapsed,
  acknowledged: stored.length * SPANS_PER_BODY,
  refused: (times.length - stored.length) * SPANS_PER_BODY,
  skipped: skipped * SPANS_PER_BODY,
  answerP50Ms: p50,
  answerP95Ms: p95,
};
process.stdout.write(`${JSON.stringify(report)}\n`);

/** @returns milliseconds until the spans were acknowledged, -1 when they were refused */
async function send(body: Uint8Array<ArrayBuffer>): Promise<number> {
  const start = performance.now();
  unanswered++;
  try {
    const answer = await fetch(`${url}/v1/traces`, {
      method: "POST",
      headers: { "content-type": "application/x-protobuf", "content-encoding": "gzip" },
      body,
      signal: AbortSignal.timeout(30_000),
    });
    await answer.arrayBuffer();
    return answer.ok ? performance.now() - start : -1;
  } catch {
    return -1; // counted as refused
  } finally {
    unanswered--;
  }
}

import { randomBytes } from "node:crypto";
import { flamegraphResponse, tracesResponse } from "@/lib/api/contract";
import type { TraceToOpen } from "./browser";
import { encodeCpuProfile } from "./cpu-profile";
import type { Hotspan } from "./hotspan";
import type { RecordedStacks } from "./recorded-stacks";

const SERVICE = "reporting";
const SECONDS = 60;
const WAIT_MS = 30_000;

/** Sends a trace of one minute whose samples are all those of a recorded profile of one minute: a large flame graph. */
export async function sendCapturedTrace(hotspan: Hotspan, recorded: RecordedStacks): Promise<TraceToOpen> {
  const [traceId, spanId] = [randomBytes(16).toString("hex"), randomBytes(8).toString("hex")];
  const start = (BigInt(Date.now()) - BigInt(SECONDS) * 1_000n) * 1_000_000n;
  const end = start + BigInt(SECONDS) * 1_000_000_000n;
  const span = {
    traceId,
    spanId,
    name: "nightly report",
    kind: 2,
    startTimeUnixNano: String(start),
    endTimeUnixNano: String(end),
  };
  const resource = { attributes: [{ key: "service.name", value: { stringValue: SERVICE } }] };
  await post(
    `${hotspan.otlpUrl}/v1/traces`,
    "application/json",
    JSON.stringify({ resourceSpans: [{ resource, scopeSpans: [{ spans: [span] }] }] }),
  );
  const whole = recorded.profiles[0];
  if (whole === undefined) throw new Error("No recorded profile.");
  const labels = [["trace_id", traceId] as const, ["span_id", spanId] as const];
  const taken = whole.samples.map(({ stack }) => ({ stack, labels }));
  const body = encodeCpuProfile(whole.profile, taken, start, SECONDS * 1e9);
  await post(
    `${hotspan.url}/api/v1/profiles?service=${SERVICE}`,
    "application/octet-stream",
    new Uint8Array(body),
  );

  const list = "from=now-1h&sort=-duration&service=reporting";
  const deadline = performance.now() + WAIT_MS;
  for (;;) {
    const { traces } = tracesResponse.parse(JSON.parse(await hotspan.get(`/api/v1/traces?${list}`)));
    if (traces.some((trace) => trace.traceId === traceId && trace.sampleCount === taken.length)) break;
    if (performance.now() > deadline) throw new Error("The sent trace did not reach the list of traces.");
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
  const flame = flamegraphResponse.parse(
    JSON.parse(await hotspan.get(`/api/v1/flamegraph?trace_id=${traceId}`)),
  );
  return { name: `a trace of ${flame.sampleCount} samples`, traceId, list };
}

async function post(url: string, type: string, body: string | Uint8Array<ArrayBuffer>): Promise<void> {
  const answer = await fetch(url, {
    method: "POST",
    headers: { "content-type": type },
    body,
    signal: AbortSignal.timeout(60_000),
  });
  if (!answer.ok) throw new Error(`${url} answered ${answer.status}: ${await answer.text()}`);
  await answer.arrayBuffer();
}

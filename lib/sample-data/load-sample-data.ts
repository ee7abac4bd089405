import { readConfig } from "@/lib/config";
import { HotspanError } from "@/lib/errors";
import { pause } from "@/lib/pause";
import { findArchive, type RecordedRequest, readArchive } from "@/lib/sample-data/archive";
import { claimSampleData, isStillLoading, markLoaded } from "@/lib/sample-data/claim";
import { shiftSpans } from "@/lib/sample-data/shift-spans";
import { type UnixNano, unixNano } from "@/lib/units";

export interface SampleDataOptions {
  /** Of the receiver's HTTP door, on loopback: only there is the mark "sample" believed. */
  readonly ingestUrl: string;
  /** Where the recording is to end. */
  readonly now: UnixNano;
  /** Ends the loading between two requests; the next start goes on. */
  readonly signal?: AbortSignal;
  readonly archive?: string | undefined;
}

/** Few enough to leave live senders their turn, enough that nobody waits for the store to sync one profile after another. */
const PARALLEL = 6;
/** Exports of a batch processor are small: joined (a protobuf message may be), they share one commit. */
const JOINED_BYTES = 512 * 1_024;
const MAX_ATTEMPTS = 20;

/**
 * Loads the recorded demo shop into an empty store, through the doors that everybody's data come through, moved in
 * time so that the recording ends at `now`. Idempotent: what an attempt that was cut off has stored is met again with
 * the same ids and instants, and is known.
 *
 * @returns how many requests were sent; 0 when the data are not wanted here
 * @throws HotspanError when the store, the catalogue or the receiver fail for good; the next start tries again
 */
export async function loadSampleData(options: SampleDataOptions): Promise<number> {
  const config = readConfig();
  if (config.sampleData === "off") return 0;
  const archive = options.archive ?? findArchive();
  if (archive === undefined) return 0;
  const endsAt = await claimSampleData(options.now, config.storeKind === "embedded");
  if (endsAt === undefined) return 0;

  const byNanos = endsAt - (await findEnd(archive));
  const requests = joinExports(readArchive(archive));
  let sent = 0;
  let wanted = true;
  // Each sender takes the next request when it has done with its last: a generator serves one call after another.
  const sender = async () => {
    try {
      for (let next = await requests.next(); !next.done; next = await requests.next()) {
        wanted &&= options.signal?.aborted !== true && (await isStillLoading());
        if (!wanted) return;
        await send(options, next.value, byNanos);
        sent++;
      }
    } catch (error) {
      wanted = false; // the others stop too
      throw error;
    }
  };
  await Promise.all(Array.from({ length: PARALLEL }, sender));
  if (wanted) await markLoaded();
  return sent;
}

async function findEnd(archive: string): Promise<UnixNano> {
  let end = unixNano(0n);
  for await (const { arrived } of readArchive(archive)) if (arrived > end) end = arrived;
  return end;
}

/** The same requests, with trace exports that follow one another joined up to a size. */
async function* joinExports(requests: AsyncIterable<RecordedRequest>): AsyncGenerator<RecordedRequest> {
  let joined: RecordedRequest[] = [];
  let bytes = 0;
  const join = (last: RecordedRequest) => ({ ...last, body: Buffer.concat(joined.map(({ body }) => body)) });
  for await (const request of requests) {
    if (!isExport(request)) {
      yield request;
      continue;
    }
    joined.push(request);
    bytes += request.body.length;
    if (bytes < JOINED_BYTES) continue;
    yield join(request);
    joined = [];
    bytes = 0;
  }
  const last = joined.at(-1);
  if (last !== undefined) yield join(last);
}

function isExport({ path }: RecordedRequest): boolean {
  return path === "/v1/traces";
}

async function send(options: SampleDataOptions, request: RecordedRequest, byNanos: bigint): Promise<void> {
  const url = new URL(request.path, options.ingestUrl);
  const headers: Record<string, string> = { "content-type": "application/octet-stream" };
  if (isExport(request)) {
    shiftSpans(request.body, byNanos);
    headers["content-type"] = "application/x-protobuf";
    headers["x-hotspan-source"] = "sample";
  } else {
    url.searchParams.set("source", "sample");
    const start = url.searchParams.get("start");
    if (start !== null) url.searchParams.set("start", String(BigInt(start) + byNanos));
  }
  for (let attempt = 1; ; attempt++) {
    const response = await fetch(url, { method: "POST", headers, body: new Uint8Array(request.body) });
    const answer = await response.text();
    if (response.ok) return;
    // As every exporter: busy or not there yet is worth another try, anything else is not.
    if ((response.status !== 429 && response.status !== 503) || attempt === MAX_ATTEMPTS) {
      throw new HotspanError(
        "internal",
        `The sample data were refused (${response.status}): ${answer.slice(0, 300)}`,
      );
    }
    await pause(Number(response.headers.get("retry-after") ?? 1) * 1_000);
  }
}

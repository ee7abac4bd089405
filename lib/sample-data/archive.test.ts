import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { expect, test } from "vitest";
import { decodeOtlpTraces } from "@/lib/ingest/otlp-traces";
import { decodePprof } from "@/lib/ingest/pprof";
import { findArchive, type RecordedRequest, readArchive } from "@/lib/sample-data/archive";

const archive = findArchive() ?? "";

async function readAll(path: string): Promise<RecordedRequest[]> {
  const requests: RecordedRequest[] = [];
  for await (const request of readArchive(path))
    requests.push({ ...request, body: Buffer.from(request.body) });
  return requests;
}

test("ten minutes of three services are recorded in at most 6 MB", async () => {
  expect(statSync(archive).size).toBeLessThan(6_000_000);
  const requests = await readAll(archive);
  const arrivals = requests.map(({ arrived }) => Number(arrived / 1_000_000_000n));
  const seconds = Math.max(...arrivals) - Math.min(...arrivals);
  expect(seconds).toBeGreaterThan(590);
  const windows = new Map<string, number>();
  for (const { path, arrived, body } of requests) {
    if (path === "/v1/traces") continue;
    const service = new URL(path, "http://shop").searchParams.get("service") ?? "";
    const { profile } = decodePprof(body, { service, receivedUnixNano: arrived });
    if (profile.sampleTypes.some(({ type }) => type === "cpu")) {
      windows.set(service, (windows.get(service) ?? 0) + 1);
    }
  }
  expect([...windows.keys()].sort()).toEqual(["gateway", "inventory", "pricing"]);
  for (const count of windows.values()) expect(count).toBeGreaterThanOrEqual(59);
});

test("the recording does not say on whose machine it was made", async () => {
  const folders = /\/(?:home|root|Users|tmp|work|private)\/|\/go-build/;
  const hosts = new Set<string | undefined>();
  for (const { path, body } of await readAll(archive)) {
    const isExport = path === "/v1/traces";
    expect(folders.exec((isExport ? body : gunzipSync(body)).toString("latin1"))?.[0]).toBeUndefined();
    if (!isExport) continue;
    for (const { resource } of decodeOtlpTraces(body, "protobuf", 4n * 10n ** 18n).spans) {
      hosts.add(resource.get("host.name"));
    }
  }
  expect([...hosts]).toEqual(["shop-1"]);
});

test("nearly every CPU sample names its span, and each such span is recorded", async () => {
  const spans = new Set<string>();
  const counts = new Map<string, number>();
  for (const { path, arrived, body } of await readAll(archive)) {
    if (path === "/v1/traces") {
      for (const span of decodeOtlpTraces(body, "protobuf", arrived).spans)
        spans.add(`${span.traceId} ${span.spanId}`);
      continue;
    }
    const { profile } = decodePprof(body, { service: "shop", receivedUnixNano: arrived });
    if (!profile.sampleTypes.some(({ type }) => type === "cpu")) continue;
    const { texts, samples } = profile;
    for (let sample = 0; sample < samples.length; sample++) {
      const ids = `${texts[samples.traceIds[sample] ?? 0]} ${texts[samples.spanIds[sample] ?? 0]}`;
      counts.set(ids, (counts.get(ids) ?? 0) + (samples.counts[sample] ?? 0));
    }
  }
  const unlabelled = counts.get(" ") ?? 0;
  const labelled = [...counts.values()].reduce((sum, count) => sum + count, 0) - unlabelled;
  expect(labelled).toBeGreaterThan(8 * unlabelled);
  counts.delete(" ");
  expect([...counts.keys()].filter((ids) => !spans.has(ids))).toEqual([]);
});

test("an archive that is cut off or none at all is named", async () => {
  const folder = mkdtempSync(join(tmpdir(), "hotspan-archive-"));
  try {
    const path = join(folder, "cut.rec.gz");
    const bytes = readFileSync(archive);
    writeFileSync(path, bytes.subarray(0, bytes.length / 2));
    await expect(readAll(path)).rejects.toThrow(/cut\.rec\.gz cannot be read/);
    writeFileSync(path, "not gzip");
    await expect(readAll(path)).rejects.toThrow(/cut\.rec\.gz cannot be read/);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test("the archive is found from the source and from the bundle, and its absence is no error", () => {
  const root = archive.slice(0, archive.indexOf("/examples/"));
  expect(findArchive(join(root, "dist/ingest.mjs"))).toBe(archive);
  expect(findArchive(join(tmpdir(), "elsewhere/ingest.mjs"))).toBeUndefined();
});

/** Each reason is produced by sending such data through the doors to the real engine, and found with the right count. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { GET } from "@/app/api/v1/doctor/route";
import { GET as getFlamegraph } from "@/app/api/v1/flamegraph/route";
import { flamegraphResponse } from "@/lib/api/contract";
import { type DoctorResponse, doctorResponse } from "@/lib/api/doctor-contract";
import { rightLabels, type Scene, sendScene, type TestRequest } from "@/lib/diagnosis/test-scene";
import { startTestDoors, type TestReceiver } from "@/lib/ingest/test-receiver";
import { catalogue, closeCatalogue } from "@/lib/store/catalogue";
import { insertProfile } from "@/lib/store/insert-profile";
import { startTestStore, type TestStore } from "@/lib/store/test-store";

const decimal = (hex: string) => BigInt(`0x${hex}`).toString();

let store: TestStore;
let doors: TestReceiver;
let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "hotspan-doctor-"));
  process.env.HOTSPAN_CATALOGUE_URL = `file:${join(folder, "catalogue.db")}`;
  store = await startTestStore();
  doors = await startTestDoors({ insertProfile: async (rows) => insertProfile(await catalogue(), rows) });
});
afterAll(async () => {
  await doors?.stop();
  await closeCatalogue();
  await store?.stop();
  delete process.env.HOTSPAN_CATALOGUE_URL;
  await rm(folder, { recursive: true, force: true });
});

/** Each scene has ten minutes of its own, in the past: nothing is on its way any more. */
const START = Math.floor(Date.now() / 1_000 - 20 * 3_600) * 1_000;
const SLOT = 1_800_000;
let slots = 0;

async function ask(query: string): Promise<DoctorResponse> {
  const response = await GET(new Request(`http://localhost/api/v1/doctor?${query}`));
  const body: unknown = await response.json();
  expect(response.status, JSON.stringify(body)).toBe(200);
  return doctorResponse.parse(body);
}

function rangeOf(atMillis: number): string {
  return `from=${atMillis - 60_000}000000&to=${atMillis + 300_000}000000`;
}

/** @returns the answer for the time of some scenes, and the requests of the first */
async function examine(
  ...scenes: readonly Omit<Scene, "atMillis">[]
): Promise<{ answer: DoctorResponse; requests: TestRequest[]; range: string }> {
  const atMillis = START + SLOT * slots++;
  const sent: TestRequest[][] = [];
  for (const scene of scenes) sent.push(await sendScene(doors.url, { ...scene, atMillis }));
  const range = rangeOf(atMillis);
  return { answer: await ask(range), requests: sent[0] ?? [], range };
}

function draw({ findings }: DoctorResponse): string[] {
  return findings.map(
    ({ code, count, of, service, severity, unit }) =>
      `${severity} ${code}: ${count} of ${of} ${unit} of ${service}`,
  );
}

const web = { service: "web" };

describe("what keeps samples and spans apart", () => {
  test("nothing, when every sample is labelled as it should be", async () => {
    const { answer } = await examine(web);
    expect(draw(answer)).toEqual([]);
    expect(answer.services).toEqual([
      {
        service: "web",
        language: "go",
        samples: 170,
        labelled: 150,
        withSpan: 150,
        withEndpoint: 150,
        met: 150,
        profiles: 1,
        spans: 20,
        requests: 10,
        requestNs: 4e9,
        coveredRequests: 10,
        coveredNs: 4e9,
        longRequests: 10,
        sampledRequests: 10,
        verdict: "healthy",
        sentence: "Every labelled sample meets its span.",
      },
    ]);
  });

  test.each<[string, readonly Omit<Scene, "atMillis">[], readonly string[]]>([
    [
      "no labels at all",
      [{ ...web, labels: () => ({}) }],
      ["error labels-missing: 170 of 170 samples of web"],
    ],
    [
      "labels lost on most goroutines",
      [
        {
          ...web,
          labels: (request, place) => (place === "entry" ? rightLabels(request, place) : {}),
          hasInnerSpan: false,
        },
      ],
      ["warning labels-missing: 120 of 170 samples of web"],
    ],
    [
      "labels overwritten by others",
      [
        {
          ...web,
          labels: (request, place) => (place === "entry" ? rightLabels(request, place) : { tenant: "blue" }),
          hasInnerSpan: false,
        },
      ],
      ["warning labels-overwritten: 100 of 170 samples of web"],
    ],
    [
      "an endpoint without its trace",
      [{ ...web, labels: ({ endpoint }) => ({ endpoint }) }],
      ["error labels-overwritten: 150 of 170 samples of web"],
    ],
    [
      "traces that were not sampled",
      [{ ...web, hasSpans: ({ number }) => number % 4 === 0, traceState: "ot=th:c" }],
      ["error trace-not-sampled: 105 of 150 labelled samples of web"],
    ],
    [
      "spans that were dropped",
      [{ ...web, hasInnerSpan: false }],
      ["error span-missing: 100 of 150 labelled samples of web"],
    ],
    [
      "another name for the spans, shown by their ids",
      [{ ...web, service: "product-svc", spanService: "catalogue" }],
      ["error names-differ: 150 of 150 labelled samples of product-svc"],
    ],
    [
      "another name, guessed where nothing is labelled",
      [{ ...web, service: "product-svc", spanService: "product", labels: () => ({}) }],
      ["error names-differ: 170 of 170 samples of product-svc"],
    ],
    [
      "only root spans labelled",
      [{ ...web, labels: (request) => rightLabels(request, "entry") }],
      ["warning entry-only: 150 of 150 labelled samples of web"],
    ],
    ["no profile at all", [{ ...web, isProfiled: false }], ["warning no-window: 10 of 10 requests of web"]],
    ["a profile without a sample is a profile all the same", [{ ...web, isProfiled: "idle" }], []],
    [
      "no profile at the time of the requests",
      [{ ...web, profileDelayMillis: 60_000, labels: () => ({}) }],
      ["error labels-missing: 170 of 170 samples of web", "error no-window: 10 of 10 requests of web"],
    ],
    [
      "clocks that differ",
      [{ ...web, profileDelayMillis: 90_000 }],
      ["error clock-skew: 150 of 150 labelled samples of web"],
    ],
    [
      "requests shorter than the time between samples",
      [{ ...web, requestMillis: 5 }],
      ["note too-short: 10 of 10 requests of web"],
    ],
    ["a heap profile", [{ ...web, hasHeap: true }], ["note type-without-labels: 2 of 2 samples of web"]],
    [
      "work that is not traced is no fault",
      [{ ...web, service: "batch", labels: () => ({}), hasSpans: () => false }],
      [],
    ],
  ])("%s", async (_name, scenes, expected) => {
    expect(draw((await examine(...scenes)).answer)).toEqual(expected);
  });

  test.each<[string, Scene["labels"], string, string]>([
    [
      "decimal under trace_id",
      ({ traceId }) => ({ trace_id: decimal(traceId) }),
      "error ids-unreadable: 150 of 170 samples of web",
      "read as trace ids (decimal)",
    ],
    [
      "decimal under a key of its own",
      ({ entrySpanId }) => ({ request: decimal(entrySpanId) }),
      "error ids-unreadable: 150 of 170 samples of web",
      "read as span ids (decimal)",
    ],
    [
      "hex under a key of its own",
      ({ traceId }) => ({ request: traceId.toUpperCase() }),
      "error ids-unreadable: 150 of 170 samples of web",
      "read as trace ids (hex)",
    ],
    [
      "base64",
      ({ traceId }) => ({ trace_id: Buffer.from(traceId, "hex").toString("base64") }),
      "error ids-unreadable: 150 of 170 samples of web",
      "read as trace ids (base64)",
    ],
    [
      "the last 64 bits",
      ({ traceId }) => ({ trace_id: traceId.slice(16) }),
      "error ids-unreadable: 150 of 150 labelled samples of web",
      "read as the last 64 bits of 128",
    ],
  ])("ids in another form: %s", async (_name, labels, expected, sentence) => {
    const { answer, requests } = await examine({ ...web, labels });
    expect(draw(answer)).toEqual([expected]);
    expect(answer.findings[0]?.sentence).toContain(sentence);
    const traceIds = requests.map(({ traceId }) => traceId);
    expect(answer.findings[0]?.traceIds.length).toBeGreaterThan(0);
    expect(traceIds).toEqual(expect.arrayContaining(answer.findings[0]?.traceIds ?? []));
  });

  test("clocks that differ by hours: the traces are found wherever they are", async () => {
    const atMillis = START + SLOT * slots++;
    const late = 13 * 3_600_000;
    await sendScene(doors.url, { service: "late", atMillis, profileDelayMillis: -late });
    const answer = await ask(`${rangeOf(atMillis - late)}&service=late`);
    expect(draw(answer)).toEqual(["error clock-skew: 150 of 150 labelled samples of late"]);
    expect(answer.findings[0]?.sentence).toContain("lie in profiles 13 h 00 m before the spans they name");
  });

  test("another trace's samples in the last minute may wait for their spans", async () => {
    const atMillis = Date.now() - 15_000;
    await sendScene(doors.url, { service: "live", atMillis, hasSpans: ({ number }) => number > 3 });
    const answer = await ask("from=now-5m&service=live");
    expect(draw(answer)).toEqual([]);
    expect(answer.services[0]).toMatchObject({
      verdict: "healthy",
      met: 90,
      sentence:
        "90 of 150 labelled samples meet their span; spans of the last minute may still be on their way.",
    });
  });

  test("upper case is understood", async () => {
    const { answer } = await examine({
      ...web,
      labels: (request, place) =>
        Object.fromEntries(
          Object.entries(rightLabels(request, place)).map(([key, value]) => [
            key,
            key === "endpoint" ? value : value.toUpperCase(),
          ]),
        ),
    });
    expect(draw(answer)).toEqual([]);
  });
});

describe("what is asked for", () => {
  test("a service alone, and the one that has nearly its name", async () => {
    const atMillis = START + SLOT * slots++;
    const range = rangeOf(atMillis);
    await sendScene(doors.url, { service: "web", atMillis, labels: () => ({}) });
    await sendScene(doors.url, {
      service: "orders-svc",
      spanService: "orders",
      atMillis,
      labels: () => ({}),
    });
    const both = ["error names-differ: 170 of 170 samples of orders-svc"];
    expect(draw(await ask(range))).toHaveLength(2);
    for (const service of ["orders", "orders-svc"]) {
      const answer = await ask(`${range}&service=${service}`);
      expect(draw(answer)).toEqual(both);
      expect(answer.services).toMatchObject([{ service, verdict: "broken" }]);
    }
    expect(draw(await ask(`${range}&service=web`))).toEqual([
      "error labels-missing: 170 of 170 samples of web",
    ]);
  });

  test("a trace: its services around its time, and why it is empty", async () => {
    const atMillis = START + SLOT * slots++;
    const [request] = await sendScene(doors.url, { service: "web", atMillis, isProfiled: false });
    const answer = await ask(`trace_id=${request?.traceId}`);
    expect(answer.trace).toEqual({
      traceId: request?.traceId,
      sampleCount: 0,
      code: "no-window",
      sentence: "No CPU profile of service web covers the time of this trace.",
      fixes: answer.findings[0]?.fixes,
    });
    expect(draw(answer)).toEqual(["warning no-window: 10 of 10 requests of web"]);
    expect(answer.services.map(({ verdict }) => verdict)).toEqual(["unprofiled"]);
  });

  test("a range without data, an unknown trace, a wrong parameter", async () => {
    expect(await ask("from=1000&to=2000")).toEqual({
      fromUnixNano: "1000",
      toUnixNano: "2000",
      cut: null,
      services: [],
      findings: [],
      trace: null,
    });
    const status = async (query: string) =>
      (await GET(new Request(`http://localhost/api/v1/doctor?${query}`))).status;
    expect(await status(`trace_id=${"9".repeat(32)}`)).toBe(404);
    expect(await status("type=cpu")).toBe(400);
  });

  test("more than one look can take: the end of the range, and it says so", async () => {
    const answer = await ask("from=now-7d&to=now-1m");
    expect(answer.cut).toBe("Looked at the last 1 d 0 h of the range: there is more than one look can take.");
    expect(BigInt(answer.toUnixNano) - BigInt(answer.fromUnixNano)).toBe(86_400_000_000_000n);
  });
});

describe("an empty flame graph has the reason as a code", () => {
  const emptyCode = async (query: string) => {
    const response = await getFlamegraph(new Request(`http://localhost/api/v1/flamegraph?${query}`));
    const { emptyCode: code, emptyReason } = flamegraphResponse.parse(await response.json());
    return `${code}: ${emptyReason}`;
  };

  test.each<[string, Omit<Scene, "atMillis">, (request: TestRequest) => string, RegExp]>([
    [
      "no window",
      { ...web, isProfiled: false },
      () => "",
      /^no-window: No CPU profile of service web covers/,
    ],
    [
      "no labels",
      { ...web, labels: () => ({}) },
      () => "",
      /^labels-missing: 1 CPU profile covers this time, but none of the 170 samples/,
    ],
    [
      "ids in another form",
      { ...web, labels: ({ traceId }) => ({ trace_id: decimal(traceId) }) },
      () => "",
      /^ids-unreadable: .* the label "trace_id" looks like ids written as decimal/,
    ],
    [
      "another name",
      { ...web, service: "stock-svc", spanService: "stock", labels: () => ({}) },
      () => "",
      /^names-differ: .* but stock-svc was profiled and has no spans/,
    ],
    [
      "only root spans",
      { ...web, labels: (request) => rightLabels(request, "entry") },
      ({ innerSpanId }) => `&span_id=${innerSpanId}`,
      /^entry-only: No sample fell into this span; the trace has 15 in other places/,
    ],
    [
      "elsewhere",
      { ...web, labels: (request) => rightLabels(request, "inner") },
      ({ entrySpanId }) => `&span_id=${entrySpanId}`,
      /^elsewhere: /,
    ],
    [
      "a heap profile",
      { ...web, hasHeap: true },
      () => "&type=inuse_space",
      /^type-without-labels: 1 inuse_space profile covers this time/,
    ],
  ])("%s", async (_name, scene, more, expected) => {
    const { requests } = await examine(scene);
    const [request] = requests;
    if (request === undefined) throw new Error("A scene has requests.");
    expect(await emptyCode(`trace_id=${request.traceId}${more(request)}`)).toMatch(expected);
  });

  test("too short, where others were caught", async () => {
    const { requests } = await examine({
      ...web,
      requestMillis: 5,
      labels: (request, place) => (request.number === 0 ? {} : rightLabels(request, place)),
    });
    expect(await emptyCode(`trace_id=${requests[0]?.traceId}`)).toMatch(
      /^too-short: Too short to be caught: 5 ms/,
    );
  });
});

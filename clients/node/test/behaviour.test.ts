/** What the helper does to the program that it runs in. */
import { once } from "node:events";
import { gunzipSync } from "node:zlib";
import { Profile } from "pprof-format";
import { afterEach, describe, expect, test } from "vitest";
import { captureReport } from "@/lib/api/targets-contract";
import { startChild, startProgram } from "./program";
import { type Sink, startSink } from "./sink";

const sinks: Sink[] = [];
afterEach(async () => {
  for (const sink of sinks.splice(0)) await sink.stop();
});

async function sinkOf(...args: Parameters<typeof startSink>): Promise<Sink> {
  const sink = await startSink(...args);
  sinks.push(sink);
  return sink;
}

async function awayUrl(): Promise<string> {
  const sink = await startSink();
  await sink.stop();
  return sink.url;
}

const never = () => undefined;
const profilesOf = ({ pushed }: Sink) => pushed.filter(({ path }) => path === "/api/v1/profiles");

describe("the program ends when it has nothing to do", () => {
  test.each([
    ["with Hotspan away", awayUrl],
    ["while a push is not answered", async () => (await sinkOf(never)).url],
  ])("%s", async (_title, url) => {
    const child = startChild("idle.mjs", { url: await url(), service: "idle", pushIntervalMs: 100 });
    expect(await once(child, "exit")).toEqual([0, null]);
  });

  test("and pushes the rest before, when asked to", async () => {
    const sink = await sinkOf();
    const child = startChild("idle.mjs", { url: sink.url, service: "idle", flushOn: ["beforeExit"] });
    expect(await once(child, "exit")).toEqual([0, null]);
    const [only, ...more] = profilesOf(sink);
    expect(more).toEqual([]);
    expect(only?.query.get("service")).toBe("idle");
    expect(Profile.decode(gunzipSync(only?.body ?? Buffer.alloc(0))).sample.length).toBeGreaterThan(0);
  });
});

describe("SIGTERM", () => {
  test("is left alone unless asked for", async () => {
    const child = startChild("server.cjs", { url: await awayUrl(), service: "server" });
    await once(child, "message");
    child.kill("SIGTERM");
    expect(await once(child, "exit")).toEqual([null, "SIGTERM"]);
  });

  test("pushes what is left and ends the process as if nothing had been there", async () => {
    const sink = await sinkOf();
    const options = { url: sink.url, service: "server", flushOn: ["SIGTERM"] };
    const child = startChild("server.cjs", options);
    await once(child, "message");
    child.kill("SIGTERM");
    expect(await once(child, "exit")).toEqual([null, "SIGTERM"]);
    expect(profilesOf(sink)).toHaveLength(1);
  });

  test("ends within its bound when Hotspan does not answer", async () => {
    const sink = await sinkOf(never);
    const options = { url: sink.url, service: "server", flushOn: ["SIGTERM"], shutdownTimeoutMs: 500 };
    const child = startChild("server.cjs", options);
    await once(child, "message");
    const began = performance.now();
    child.kill("SIGTERM");
    expect(await once(child, "exit")).toEqual([null, "SIGTERM"]);
    expect(performance.now() - began).toBeLessThan(8_000); // its request's own timeout is 10 s
  });
});

test("another profiler keeps the process: one warning, tracing all the same, and a second start is the first", async () => {
  const sink = await sinkOf();
  const child = startChild("two-profilers.cjs", { url: sink.url, service: "two" });
  const [report] = await once(child, "message");
  expect(await once(child, "exit")).toEqual([0, null]);
  expect(report).toMatchObject({
    profiling: false,
    tracing: true,
    extra: { isSame: true, theirSamples: true },
  });
  expect(report.warnings).toEqual([expect.stringMatching(/only one can be/)]);
  expect(profilesOf(sink)).toEqual([]);
});

test("a platform without the sampler: one warning, and tracing all the same", async () => {
  const sink = await sinkOf();
  const child = startChild("no-sampler.cjs", { url: sink.url, service: "none" });
  const [report] = await once(child, "message");
  expect(await once(child, "exit")).toEqual([0, null]);
  expect(report).toMatchObject({
    profiling: false,
    tracing: true,
    warnings: ["profiling could not start: No native build was found"],
  });
});

test("a wrong option is a warning, never an exception", async () => {
  const child = startChild("server.cjs", { url: "nowhere" });
  const [message] = await once(child, "message");
  expect(message).toMatchObject({ profiling: false });
  child.kill("SIGTERM");
  await once(child, "exit");
});

test("a busy event loop starts one capture: more samples, a heap profile, and why on both", async () => {
  const sink = await sinkOf(({ body }, _request, response) =>
    response.end(JSON.stringify({ profileId: `${body.length}` })),
  );
  const program = await startProgram("busy.mjs", {
    url: sink.url,
    service: "busy",
    pushIntervalMs: 700,
    capture: { checkEveryMs: 200, eventLoopBusy: 0.3, durationMs: 600, sampleRateHz: 500 },
  });
  const isOrdinary = ({ path, query }: Sink["pushed"][number]) =>
    path === "/api/v1/profiles" && !query.has("label.capture");
  const captured = () => profilesOf(sink).filter(({ query }) => query.has("label.capture"));
  // What follows a capture is an ordinary window again, and not another capture.
  await sink.until((pushed) => {
    const reported = pushed.findIndex(({ path }) => path === "/api/v1/captures");
    return reported !== -1 && pushed.slice(reported).some(isOrdinary);
  });
  const { stats } = await program.ask("shutdown");
  expect(stats.captures).toBe(1);
  expect(captured()).toHaveLength(2);

  const types: string[][] = [];
  for (const { body, query } of captured()) {
    expect(query.get("label.capture")).toMatch(/event loop \d+ % > 30 %/);
    const profile = Profile.decode(gunzipSync(body));
    types.push(profile.sampleType.map(({ type }) => profile.stringTable.strings[Number(type)] ?? ""));
    expect(profile.sample.length).toBeGreaterThan(0);
  }
  expect(types.sort()).toEqual([
    ["inuse_objects", "inuse_space"],
    ["sample", "wall", "cpu"],
  ]);

  // And Hotspan is told of the capture as a whole, in the words of its own collector.
  const [report] = sink.pushed.filter(({ path }) => path === "/api/v1/captures");
  const told = captureReport.parse(JSON.parse(report?.body.toString() ?? ""));
  const ids = captured().map(({ body }) => `${body.length}`);
  expect(told).toMatchObject({ service: "busy", trigger: "cpu", state: "done" });
  expect(told.profiles.map(({ profileId }) => profileId).sort()).toEqual(ids.sort());
  expect(told.reason).toBe(captured()[0]?.query.get("label.capture"));
});

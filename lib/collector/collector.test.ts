import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { type Capture, type Target, type TargetState, targetInput } from "@/lib/api/targets-contract";
import { createCollector } from "@/lib/collector/collector";
import { fetchTarget } from "@/lib/collector/fetch-target";
import { createGuard } from "@/lib/collector/guard-target";
import type { Ledger, Scrape } from "@/lib/collector/parts";
import { metricsText, RECORDED, startTestTarget, type TestTarget } from "@/lib/collector/test-target";
import { HotspanError, invalidInput } from "@/lib/errors";
import { pause } from "@/lib/pause";

/** What a catalogue would keep, so that a second collector finds what a first one left. */
class TestLedger implements Ledger {
  targets: Target[] = [];
  readonly states = new Map<string, TargetState>();
  readonly captures = new Map<string, Capture>();
  isFree = true;
  hold = async () => this.isFree;
  release = async () => undefined;
  findTargets = async () => this.targets;
  findRequests = async () => [...this.captures.values()].filter(({ state }) => state === "requested");
  findLastCaptures = async () =>
    new Map(
      [...this.captures.values()].flatMap(({ startUnixNano, targetId, trigger }) =>
        trigger === "manual" ? [] : [[targetId ?? "", Number(BigInt(startUnixNano) / 1_000_000n)] as const],
      ),
    );
  writeState = async (id: string, state: TargetState) => void this.states.set(id, state);
  writeCapture = async (capture: Capture) => void this.captures.set(capture.id, capture);
  closeLeftovers = async () => {
    for (const [id, capture] of this.captures)
      if (capture.state === "running") this.captures.set(id, { ...capture, state: "interrupted" });
  };
}

const START = 1_790_000_000_000;
let go: TestTarget;
let ledger: TestLedger;
let nowMs: number;
let stored: { scrape: Scrape; previous?: Scrape }[];

beforeEach(async () => {
  go = await startTestTarget();
  ledger = new TestLedger();
  nowMs = START;
  stored = [];
});
afterEach(() => go.stop());

function target(id: string, settings: object = {}): Target {
  return {
    id,
    origin: "settings",
    state: null,
    ...targetInput.parse({ url: go.url, service: "shop", ...settings }),
  };
}

function collect(store: (scrape: Scrape) => void = () => undefined) {
  const keep = async (scrape: Scrape, previous?: Scrape) => {
    store(scrape);
    stored.push({ scrape, ...(previous === undefined ? {} : { previous }) });
    return { profileId: String(stored.length).padStart(16, "0"), totals: new Map([["cpu", 1_200_000_000]]) };
  };
  const collector = createCollector({
    guard: createGuard(undefined),
    ledger,
    fetch: fetchTarget,
    clock: { now: () => nowMs, random: () => 0, wait: (_, signal) => pause(1, signal) },
    sink: {
      store: (scrape) => keep(scrape),
      storeDifference: (previous, current) => keep(current, previous),
    },
    log: () => undefined,
  });
  /** Lets time pass in steps of a second, ending what each has started. */
  const pass = async (seconds: number) => {
    for (let step = 0; step < seconds; step++) {
      nowMs += 1_000;
      await collector.tick();
      await collector.settle();
    }
    await collector.tick();
    await collector.settle();
  };
  return { ...collector, pass };
}

const kinds = () => stored.map(({ scrape }) => scrape.kind).sort();
const captures = () => [...ledger.captures.values()];
const quiet = { heap: { on: false }, goroutine: { on: false }, mutex: { on: false }, block: { on: false } };

test("what was recorded of a Go service arrives as it was, under its process's name", async () => {
  ledger.targets = [target("a", { labels: { region: "eu" } })];
  await collect().pass(1);
  expect(kinds()).toEqual(["block", "cpu", "goroutine", "heap", "mutex"]);
  const cpu = stored.find(({ scrape }) => scrape.kind === "cpu")?.scrape;
  expect(Buffer.compare(cpu?.bytes ?? Buffer.alloc(0), RECORDED.cpu)).toBe(0);
  expect(cpu).toMatchObject({
    service: "shop",
    instance: `127.0.0.1:${go.port}`,
    labels: new Map([["region", "eu"]]),
  });
  expect(go.asked).toContain("/debug/pprof/profile?seconds=10");
  expect(ledger.states.get("a")).toMatchObject({ phase: "idle", backingOff: null, problems: [] });
});

test("counters are stored as the difference to the scrape before; the first scrape is the base of the next", async () => {
  ledger.targets = [target("a", { cpu: { on: false } })];
  await collect().pass(130);
  const heaps = stored.filter(({ scrape }) => scrape.kind === "heap");
  expect(heaps.length).toBe(3);
  expect(heaps[0]?.previous).toBe(heaps[0]?.scrape);
  expect(heaps[1]?.previous).toBe(heaps[0]?.scrape);
  expect(heaps[2]?.previous).toBe(heaps[1]?.scrape);
  expect(
    stored
      .filter(({ scrape }) => scrape.kind === "goroutine")
      .every(({ previous }) => previous === undefined),
  ).toBe(true);
});

describe("a target under load", () => {
  const cpuOf = (share: number) => () => {
    go.metrics = metricsText(((nowMs - START) / 1_000) * 2 * share); // of two cores
  };

  test("is captured once in ten minutes, with the numbers that asked for it", async () => {
    ledger.targets = [target("a", quiet)];
    const collector = collect();
    const load = cpuOf(0.91);
    for (let second = 0; second < 700; second++) {
      load();
      await collector.pass(1);
    }
    expect(
      captures().map(({ startUnixNano }) => Number(BigInt(startUnixNano) / 1_000_000_000n) - START / 1_000),
    ).toEqual([16, 616]);
    expect(captures()[0]).toMatchObject({
      state: "done",
      trigger: "cpu",
      seconds: 30,
      instance: `127.0.0.1:${go.port}`,
      reason: "CPU at 91 % of 2 cores (GOMAXPROCS), above 70 %; read from /metrics.",
      reading: { cpuSource: "metrics", ofCores: 2 },
    });
    expect(captures()[0]?.profiles.map(({ kind }) => kind)).toEqual(["cpu", "heap", "goroutine"]);
    expect(go.asked.filter((path) => path.endsWith("seconds=30")).length).toBe(2);
    expect(go.profiling.most).toBe(1);
  });

  test("is left to rest by the collector that takes over after a kill in the middle of a capture", async () => {
    ledger.targets = [target("a", { ...quiet, cpu: { on: false } })];
    const first = collect();
    const load = cpuOf(0.91);
    go.script.set("/debug/pprof/profile", (_, url) => url); // answers nothing: the capture goes on and on
    for (let second = 0; second < 20; second++) {
      load();
      nowMs += 1_000;
      await first.tick();
      await untilQuiet();
    }
    expect(captures()).toMatchObject([{ state: "running" }]);
    // The first is killed: nothing of it is told to end. Its connection goes with it.
    go.script.delete("/debug/pprof/profile");
    const second = collect();
    for (let at = 0; at < 300; at++) {
      load();
      await second.pass(1);
    }
    expect(captures()).toMatchObject([{ state: "interrupted" }]);
    await first.stop();
  });

  /** Every request but the one that hangs has been answered. */
  async function untilQuiet(): Promise<void> {
    for (let seen = -1; seen !== go.asked.length; ) {
      seen = go.asked.length;
      await pause(5);
    }
  }

  test("without /metrics is judged by its last CPU profile, and the capture says so", async () => {
    ledger.targets = [target("a", quiet)];
    // 1.2 s of CPU in 10 s is calm; in a window of 1 s it is not, of the one core that is assumed.
    const collector = collect();
    await collector.pass(40);
    expect(captures()).toEqual([]);
    ledger.targets = [target("a", { ...quiet, cpu: { seconds: 1 } })];
    await collector.pass(90);
    expect(captures()[0]?.reason).toBe(
      "CPU at 120 % of 1 core (assumed: it does not say how many it has), above 70 %; estimated from the last CPU profile.",
    );
  });
});

test("a capture that was asked for is taken of a paused target, and says what of it failed", async () => {
  ledger.targets = [target("a", { paused: true })];
  go.script.set("/debug/pprof/heap", (response) => response.writeHead(404).end("Unknown profile"));
  const asked: Capture = {
    id: "c",
    targetId: "a",
    service: "shop",
    instance: "",
    trigger: "manual",
    reason: "Asked for by hand.",
    reading: null,
    seconds: 3,
    state: "requested",
    message: "",
    startUnixNano: String(BigInt(START) * 1_000_000n),
    endUnixNano: null,
    profiles: [],
  };
  ledger.captures.set("c", asked);
  await collect().pass(3);
  expect(ledger.captures.get("c")).toMatchObject({
    state: "partial",
    message: "heap: It answers 404: Unknown profile.",
    profiles: [{ kind: "cpu" }, { kind: "goroutine" }],
  });
  expect(go.asked.filter((path) => path === "/debug/pprof/profile?seconds=3").length).toBe(1);
});

test("another profiler in the process is waited for, also in a capture", async () => {
  ledger.targets = [target("a", quiet)];
  let busy = 3;
  go.script.set("/debug/pprof/profile", (response) => {
    if (busy-- > 0)
      response.writeHead(500).end("Could not enable CPU profiling: cpu profiling already in use\n");
    else response.end(RECORDED.cpu);
  });
  await collect().pass(20);
  expect(kinds()).toEqual(["cpu"]);
  expect(ledger.states.get("a")).toMatchObject({ backingOff: null, problems: [] });
});

test("two names of one process are never profiled at once", async () => {
  ledger.targets = [
    target("a", quiet),
    { ...target("b", quiet), url: go.url.replace("127.0.0.1", "localhost") },
    { ...target("c", quiet), url: go.url.replace("127.0.0.1", "[::ffff:127.0.0.1]") }, // told apart by its address alone
  ];
  const held: (() => void)[] = [];
  go.script.set("/debug/pprof/profile", (response) => held.push(() => response.end(RECORDED.cpu)));
  const collector = collect();
  for (let second = 0; second < 30; second++) {
    nowMs += 1_000;
    await collector.tick();
    await pause(2);
    if (second % 5 === 4) for (const answer of held.splice(0)) answer();
  }
  go.script.delete("/debug/pprof/profile");
  for (const answer of held.splice(0)) answer();
  await collector.settle();
  expect(go.profiling.most).toBe(1);
  expect(kinds().length).toBeGreaterThan(1);
});

describe("a target that goes wrong", () => {
  test.each<[string, Parameters<TestTarget["script"]["set"]>[1], string, TargetState["phase"]]>([
    [
      "redirects",
      (response) => response.writeHead(302, { location: "http://169.254.169.254/" }).end(),
      "302, a redirect",
      "idle",
    ],
    [
      "answers garbage",
      (response) => response.end("<html>hello</html>"),
      "is no profile that can be stored",
      "idle",
    ],
    ["breaks off", (response) => response.socket?.destroy(), "closed the connection", "backing-off"],
  ])("%s: it is left alone for a while, and the page says why", async (_, answer, reason, phase) => {
    ledger.targets = [target("a", { ...quiet, adaptive: { readEverySeconds: 3_600 } })];
    go.script.set("/debug/pprof/profile", answer);
    await collect((scrape) => {
      if (scrape.bytes[0] !== 0x1f) throw invalidInput("It is not gzip.");
    }).pass(14);
    expect(go.asked.filter((path) => path.startsWith("/debug/pprof/profile")).length).toBe(1);
    const state = ledger.states.get("a");
    expect(state?.problems).toEqual([{ kind: "cpu", message: expect.stringContaining(reason) }]);
    expect(state?.phase).toBe(phase);
    expect(state?.backingOff?.reason ?? "").toContain(phase === "idle" ? "" : reason);
  });

  test("is refused by the guard: nothing is sent", async () => {
    ledger.targets = [target("a", { ...quiet, url: "http://169.254.169.254" })];
    await collect().pass(2);
    expect(ledger.states.get("a")).toMatchObject({
      phase: "refused",
      backingOff: { reason: expect.stringContaining("link-local") },
    });
  });

  test("that is removed or whose collector loses its right is let go in the middle", async () => {
    for (const end of ["removed", "lost"] as const) {
      ledger.targets = [target("a", { ...quiet, paused: true })];
      ledger.isFree = true;
      ledger.captures.set(end, { ...manual(end), id: end });
      go.script.set("/debug/pprof/profile", () => undefined);
      const collector = collect();
      nowMs += 1_000;
      await collector.tick();
      while (go.profiling.now === 0) await pause(2);
      if (end === "removed") ledger.targets = [];
      else ledger.isFree = false;
      await collector.tick();
      await collector.settle();
      expect(ledger.captures.get(end)?.state).toBe("interrupted");
    }
  });

  const manual = (id: string): Capture => ({
    id,
    targetId: "a",
    service: "shop",
    instance: "",
    trigger: "manual",
    reason: "Asked for by hand.",
    reading: null,
    seconds: 3,
    state: "requested",
    message: "",
    startUnixNano: String(BigInt(START) * 1_000_000n),
    endUnixNano: null,
    profiles: [],
  });
});

test("a difference that the store may or may not have taken is sent as it was, and the next begins behind it", async () => {
  ledger.targets = [
    target("a", { cpu: { on: false }, goroutine: { on: false }, mutex: { on: false }, block: { on: false } }),
  ];
  const attempts: Scrape[] = [];
  await collect((scrape) => {
    attempts.push(scrape);
    if (attempts.length === 2 || attempts.length === 3)
      throw new HotspanError("unavailable", "The store is away.");
  }).pass(300);
  const [first, second, third] = stored;
  expect(second?.previous).toBe(first?.scrape);
  expect(attempts.slice(1, 4)).toEqual(Array(3).fill(second?.scrape));
  expect(third?.previous).toBe(second?.scrape);
});

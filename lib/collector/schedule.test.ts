import { describe, expect, test } from "vitest";
import { targetInput, type UsageReading } from "@/lib/api/targets-contract";
import type { Trigger } from "@/lib/collector/judge-usage";
import { nextActions, processOf } from "@/lib/collector/next-actions";
import {
  type Action,
  addRequest,
  begin,
  finish,
  LONGEST_REST_MS,
  noticeTrigger,
  type Outcome,
  type Schedule,
  startSchedule,
} from "@/lib/collector/schedule";

const trigger: Trigger = { trigger: "cpu", reason: "CPU at 91 %.", reading: {} as UsageReading };

/** Numerical Recipes' generator: the same story again for the same seed. */
function seeded(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

interface Event {
  readonly atMs: number;
  readonly endMs: number;
  readonly id: string;
  readonly action: Action;
}

interface World {
  readonly targets: readonly { id: string; url: string; settings?: object }[];
  readonly hours: number;
  readonly seed: number;
  /** What an action comes to, and after how long. */
  readonly play: (action: Action, random: () => number) => { outcome: Outcome; ms: number };
  /** Whether a usage reading at this moment is above its threshold. */
  readonly isHot?: (atMs: number) => boolean;
}

/** Plays hours of collecting in steps of a second, and returns everything that was begun. */
function simulate({ hours, isHot = () => false, play, seed, targets }: World): Event[] {
  const random = seeded(seed);
  const inputs = new Map(
    targets.map(
      ({ id, settings, url }) => [id, targetInput.parse({ url, service: "shop", ...settings })] as const,
    ),
  );
  const schedules = new Map<string, Schedule>(
    targets.map(({ id }) => [id, startSchedule(0, random, undefined)]),
  );
  const events: Event[] = [];
  let open: (Event & { outcome: Outcome })[] = [];
  for (let nowMs = 0; nowMs < hours * 3_600_000; nowMs += 1_000) {
    for (const { action, id, outcome } of open.filter(({ endMs }) => endMs <= nowMs)) {
      const [target, schedule] = [inputs.get(id), schedules.get(id)];
      if (target === undefined || schedule === undefined) continue;
      let next = finish(schedule, action.kind, outcome, target, nowMs, random);
      if (action.kind === "usage" && outcome.kind === "ok" && isHot(nowMs))
        next = noticeTrigger(next, trigger, target, nowMs);
      schedules.set(id, next);
    }
    open = open.filter(({ endMs }) => endMs > nowMs);
    const all = [...inputs].flatMap(([id, target]) => {
      const schedule = schedules.get(id);
      return schedule === undefined ? [] : [{ id, target, schedule }];
    });
    for (const { action, id } of nextActions(nowMs, all)) {
      const [target, schedule] = [inputs.get(id), schedules.get(id)];
      if (target === undefined || schedule === undefined) continue;
      schedules.set(id, begin(schedule, action, target, nowMs, random));
      const { ms, outcome } = play(action, random);
      const event = { atMs: nowMs, endMs: nowMs + ms, id, action };
      events.push(event);
      open.push({ ...event, outcome });
    }
  }
  return events;
}

const secondsOf = (action: Action) => ("seconds" in action ? action.seconds : 0);
const wellPlayed = (action: Action) => ({
  outcome: { kind: "ok" } as Outcome,
  ms: secondsOf(action) * 1_000 + 200,
});
const usesCpu = ({ action }: Event) => action.kind === "cpu" || action.kind === "capture";

describe("whatever targets do, for hours", () => {
  const outcomes: readonly Outcome[] = [
    { kind: "ok" },
    { kind: "ok" },
    { kind: "busy", message: "in use" },
    { kind: "slow", message: "slow" },
    { kind: "failed", message: "down" },
    { kind: "missing", message: "404" },
    { kind: "refused", message: "no" },
  ];
  // Three of one process under different names, one of its own.
  const targets = [
    { id: "a", url: "http://localhost:6060" },
    { id: "b", url: "http://127.0.0.1:6060" },
    {
      id: "c",
      url: "http://127.0.0.1:6060/sub",
      settings: { cpu: { seconds: 30 }, adaptive: { atMostEverySeconds: 300 } },
    },
    { id: "d", url: "http://shop:6060" },
  ];

  test.each([1, 2, 3, 4, 5, 6, 7, 8])(
    "seed %d: never two CPU profiles of a process, captures rest, nothing runs twice",
    (seed) => {
      const events = simulate({
        targets,
        hours: 2,
        seed,
        isHot: (atMs) => Math.floor(atMs / 400_000) % 2 === 0,
        play: (action, random) => ({
          outcome: outcomes[Math.floor(random() * outcomes.length)] ?? { kind: "ok" },
          // Up to the timeout: seconds + 10.
          ms: random() * (secondsOf(action) + 10) * 1_000,
        }),
      });
      const processes = new Map(targets.map(({ id, url }) => [id, processOf(url)]));
      for (const process of new Set(processes.values())) {
        const profiles = events.filter((event) => usesCpu(event) && processes.get(event.id) === process);
        for (const [index, { atMs }] of profiles.entries()) {
          expect(atMs).toBeGreaterThanOrEqual(profiles[index - 1]?.endMs ?? 0);
        }
      }
      for (const { id, settings } of targets) {
        const rest = (settings?.adaptive.atMostEverySeconds ?? 600) * 1_000;
        const captures = events.filter((event) => event.id === id && event.action.kind === "capture");
        for (const [index, { atMs }] of captures.entries()) {
          expect(atMs - (captures[index - 1]?.atMs ?? Number.NEGATIVE_INFINITY)).toBeGreaterThanOrEqual(rest);
        }
        for (const kind of ["usage", "heap", "mutex"]) {
          const same = events.filter((event) => event.id === id && event.action.kind === kind);
          for (const [index, { atMs }] of same.entries()) {
            expect(atMs).toBeGreaterThanOrEqual(same[index - 1]?.endMs ?? 0);
          }
        }
      }
      expect(events.filter(({ action }) => action.kind === "capture").length).toBeGreaterThan(0);
    },
  );
});

test("a calm target is profiled for its share of the time, and never more", () => {
  for (const [seconds, everySeconds] of [
    [10, 60],
    [5, 300],
    [60, 60],
  ] as const) {
    const events = simulate({
      targets: [{ id: "a", url: "http://shop:6060", settings: { cpu: { seconds, everySeconds } } }],
      hours: 4,
      seed: 7,
      play: (action) => ({ outcome: { kind: "ok" }, ms: secondsOf(action) * 1_000 }),
    });
    const profiled = events.filter(usesCpu).reduce((sum, { action }) => sum + secondsOf(action), 0);
    const share = profiled / (4 * 3_600);
    expect(share).toBeLessThanOrEqual((seconds / everySeconds) * 1.005);
    expect(share).toBeGreaterThan((seconds / everySeconds) * 0.93); // windows drift by up to a twentieth
  }
});

test("many targets of one start do not fall into step", () => {
  const targets = Array.from({ length: 40 }, (_, index) => ({
    id: String(index),
    url: `http://shop-${index}:6060`,
  }));
  const events = simulate({ targets, hours: 1, seed: 3, play: wellPlayed });
  const lastMinute = events.filter((event) => event.action.kind === "cpu" && event.atMs >= 3_540_000);
  expect(new Set(lastMinute.map(({ atMs }) => atMs)).size).toBeGreaterThan(15);
});

describe("one target", () => {
  const target = targetInput.parse({ url: "http://shop:6060", service: "shop" });
  const none = () => 0;
  const kinds = (schedule: Schedule, nowMs: number, settings = target) =>
    nextActions(nowMs, [{ id: "a", target: settings, schedule }]).map(({ action }) => action.kind);

  test("that is down is asked less and less, once at a time, and as before once it answers", () => {
    let schedule = startSchedule(0, none, undefined);
    const rests: number[] = [];
    let nowMs = 0;
    for (let attempt = 0; attempt < 8; attempt++) {
      const due = nextActions(nowMs, [{ id: "a", target, schedule }]);
      expect(due.length).toBe(attempt === 0 ? 6 : 1);
      schedule = begin(schedule, { kind: "usage" }, target, nowMs, none);
      schedule = finish(
        schedule,
        "usage",
        { kind: "failed", message: "It does not answer." },
        target,
        nowMs,
        none,
      );
      rests.push(schedule.restUntilMs - nowMs);
      expect(kinds(schedule, schedule.restUntilMs - 1)).toEqual([]);
      nowMs = schedule.restUntilMs;
    }
    expect(rests).toEqual([15, 30, 60, 120, 240, 480, 600, 600].map((seconds) => seconds * 1_000));
    expect(rests.at(-1)).toBe(LONGEST_REST_MS);
    schedule = finish(
      begin(schedule, { kind: "usage" }, target, nowMs, none),
      "usage",
      { kind: "ok" },
      target,
      nowMs,
      none,
    );
    expect(kinds(schedule, nowMs)).toEqual(["cpu", "heap", "goroutine", "mutex", "block"]);
  });

  test("whose profiler is in use is asked again within the window, and is not called failing", () => {
    let schedule = startSchedule(0, none, undefined);
    const tries: number[] = [];
    for (let nowMs = 0; nowMs < 120_000; nowMs += 1_000) {
      if (!kinds(schedule, nowMs).includes("cpu")) continue;
      tries.push(nowMs / 1_000);
      schedule = begin(schedule, { kind: "cpu", seconds: 10 }, target, nowMs, none);
      schedule = finish(schedule, "cpu", { kind: "busy", message: "in use" }, target, nowMs, none);
      expect(schedule.failures).toBe(0);
    }
    expect(tries.slice(0, 12)).toEqual([0, 5, 10, 15, 20, 25, 30, 35, 40, 45, 50, 55]);
    expect(tries[12]).toBe(115); // the next window
    expect(schedule.problems.get("cpu")).toBe("in use");
  });

  test("without one kind of profile keeps the others", () => {
    let schedule = begin(startSchedule(0, none, undefined), { kind: "mutex" }, target, 0, none);
    schedule = finish(schedule, "mutex", { kind: "missing", message: "It answers 404." }, target, 0, none);
    expect(kinds(schedule, 60_000)).toEqual(["usage", "cpu", "heap", "goroutine", "block"]);
    expect(kinds(schedule, 600_000)).toContain("mutex");
  });

  test("that is paused or rests is still captured when somebody asks; the request is served once", () => {
    const request = { captureId: "c", seconds: 5 };
    const paused = { ...target, paused: true };
    let schedule = addRequest(addRequest(startSchedule(0, none, undefined), request), request);
    expect(kinds(schedule, 0, paused)).toEqual(["capture"]);
    schedule = begin(
      schedule,
      { kind: "capture", seconds: 5, cause: { kind: "request", request } },
      paused,
      0,
      none,
    );
    expect(kinds(schedule, 0, paused)).toEqual([]);
    schedule = finish(schedule, "capture", { kind: "ok" }, paused, 5_000, none);
    expect(kinds(schedule, 600_000, paused)).toEqual([]);
  });

  test("that was captured before a restart rests for the remainder", () => {
    const schedule = startSchedule(1_000_000, none, 700_000);
    expect(noticeTrigger(schedule, trigger, target, 1_200_000).wanted).toBeUndefined();
    expect(noticeTrigger(schedule, trigger, target, 1_300_000).wanted).toBeDefined();
  });

  test("a trigger that could not be followed for two minutes is forgotten", () => {
    const schedule = noticeTrigger(startSchedule(0, none, undefined), trigger, target, 0);
    expect(kinds(schedule, 120_000)).toContain("capture");
    expect(kinds(schedule, 120_001)).not.toContain("capture");
  });
});

import { describe, expect, test } from "vitest";
import { explainNoSamples, type ProfileKind, type ProfilesAround } from "@/lib/diagnosis/explain-no-samples";

const AROUND: ProfilesAround = {
  profiles: 2,
  samples: 900,
  labelledSamples: 700,
  capturedSamples: 0,
  periodNs: 10_000_000,
  nearService: undefined,
  idLabel: undefined,
};
const HEAP: ProfileKind = { name: "inuse_space", carriesLabels: false };

describe("a trace without samples", () => {
  test.each<[string, number, string[], Partial<ProfilesAround>, ProfileKind | undefined, string]>([
    [
      "absence",
      3,
      ["web"],
      { profiles: 0 },
      undefined,
      "no-window: No CPU profile of service web covers the time of this trace.",
    ],
    [
      "absence of all",
      3,
      ["web", "db"],
      { profiles: 0 },
      undefined,
      "no-window: No CPU profile of any of its 2 services covers the time of this trace.",
    ],
    [
      "another name",
      3,
      ["web"],
      { profiles: 0, nearService: "web-svc" },
      undefined,
      "names-differ: No CPU profile of service web covers the time of this trace, but web-svc was profiled and has no spans: if that is the same service, give both the same name.",
    ],
    [
      "no labels",
      3,
      ["web", "db"],
      { labelledSamples: 0 },
      undefined,
      "labels-missing: 2 CPU profiles cover this time, but none of the 900 samples carries a trace id: put the trace_id and span_id labels on the profile.",
    ],
    [
      "unreadable ids",
      3,
      ["web"],
      { labelledSamples: 0, profiles: 1, idLabel: { key: "dd.trace_id", form: "decimal" } },
      undefined,
      'ids-unreadable: 1 CPU profile covers this time, but none of the 900 samples carries a trace id that can be read: the label "dd.trace_id" looks like ids written as decimal. Use the labels trace_id and span_id with lower-case hex.',
    ],
    [
      "a type without labels",
      900,
      ["web"],
      { labelledSamples: 0, profiles: 1, periodNs: 0 },
      HEAP,
      "type-without-labels: 1 inuse_space profile covers this time, but profilers put no labels on samples of this type: it belongs to the whole process, never to one trace.",
    ],
    [
      "a capture",
      3,
      ["web"],
      { capturedSamples: 31 },
      undefined,
      "captured: No sample is labelled with this trace; the flame graph is of the whole process, captured while the trace ran (31 samples).",
    ],
    [
      "too short",
      3,
      ["web"],
      {},
      undefined,
      "too-short: Too short to be caught: 3 ms at 100 Hz gives 0.3 samples even if all of it ran on a CPU.",
    ],
    [
      "chance",
      15,
      ["web"],
      {},
      undefined,
      "too-short: No sample hit it: 15 ms at 100 Hz gives about 2 samples if all of it ran on a CPU, so it mostly waited or was missed by chance.",
    ],
    [
      "waiting",
      900,
      ["web"],
      {},
      undefined,
      "waiting: It waited rather than computed: 900 ms at 100 Hz would give 90 samples if it had run on a CPU, and there is none.",
    ],
    [
      "an unknown rate",
      900,
      ["web"],
      { periodNs: 0 },
      undefined,
      "waiting: 2 CPU profiles cover this time and other traces have samples in it: this one was not seen on a CPU.",
    ],
  ])("%s", (_name, millis, services, around, kind, expected) => {
    const { code, sentence } = explainNoSamples(millis * 1e6, services, { ...AROUND, ...around }, kind);
    expect(`${code}: ${sentence}`).toBe(expected);
  });
});

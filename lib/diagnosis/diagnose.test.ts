import { describe, expect, test } from "vitest";
import { diagnose, judge } from "@/lib/diagnosis/diagnose";
import type { ServiceFacts } from "@/lib/diagnosis/facts";
import { fixesOf } from "@/lib/diagnosis/fixes";
import { FINDING_CODES, nameOfReason } from "@/lib/diagnosis/reason";

const NONE = { samples: 0, traceIds: [] };

/** A service of which nothing is wrong: 1,000 samples, 900 labelled, in 100 requests of 400 ms. */
const WELL: ServiceFacts = {
  service: "web",
  language: "go",
  samples: {
    samples: 1_000,
    profiles: 10,
    unlabelledProfiles: 0,
    profiledNs: 100e9,
    labelled: 900,
    withSpan: 900,
    withEndpoint: 900,
    otherLabelsOnly: 0,
    endpointOnly: 0,
    otherLabelKeys: [],
    periodNs: 10_000_000,
  },
  meetings: {
    met: 900,
    waiting: 0,
    spanMissing: NONE,
    traceMissing: { ...NONE, traces: 0 },
    otherForm: { ...NONE, form: "" },
    skewed: { ...NONE, offsetNs: 0 },
  },
  places: { foreign: [], inEntries: { samples: 300, traceIds: [] }, inDeeper: 600 },
  spans: {
    spans: 200,
    entries: 100,
    entryNs: 40e9,
    coveredEntries: 100,
    coveredNs: 40e9,
    shortEntries: 0,
    longEntries: 100,
    sampledEntries: 100,
    deeperSpans: 100,
    deeperNs: 30e9,
    thinned: 0,
    uncoveredTraceIds: [],
  },
  idLabels: [],
  labellessTypes: [],
};

type Change = { readonly [K in keyof ServiceFacts]?: Partial<ServiceFacts[K]> | ServiceFacts[K] };

function change(changes: Change): ServiceFacts {
  const merged = Object.entries(changes).map(([key, value]) => {
    const whole: unknown = Reflect.get(WELL, key);
    const isPlain = typeof value === "object" && !Array.isArray(value);
    return [key, isPlain ? { ...(whole as object), ...value } : value] as const;
  });
  return { ...WELL, ...Object.fromEntries(merged) };
}

function draw(...services: readonly ServiceFacts[]): string[] {
  return diagnose(services).map(
    ({ code, count, lostSamples, of, sentence, severity, unit }) =>
      `${severity} ${code} ${count}/${of} ${unit}, lost ${lostSamples}: ${sentence}`,
  );
}

const idLabel = {
  key: "request",
  form: "decimal",
  kind: "trace",
  samples: 700,
  values: ["1733"],
  confirmed: true,
  traceIds: [],
} as const;

describe("facts become findings", () => {
  test("of a service that is well there are none", () => {
    expect(draw(WELL)).toEqual([]);
    expect(judge(WELL, [])).toEqual({
      verdict: "healthy",
      sentence: "Every labelled sample meets its span.",
    });
  });

  test.each<[string, Change, string]>([
    [
      "nothing labelled",
      { samples: { labelled: 0 } },
      "error labels-missing 1000/1000 samples, lost 1000: None of the 1,000 CPU samples of web carries a trace or span id.",
    ],
    [
      "nothing labelled where next to nothing ran",
      { samples: { labelled: 0, profiledNs: 2_000e9 } },
      "note labels-missing 1000/1000 samples, lost 1000: None of the 1,000 CPU samples of web carries a trace or span id.",
    ],
    [
      "one process without labels",
      { samples: { unlabelledProfiles: 5 } },
      "error labels-missing 5/10 profiles, lost 100: 5 of 10 profiles of web have no labelled sample at all: one of its processes labels nothing, or nothing was traced meanwhile.",
    ],
    [
      "most samples without labels",
      { samples: { labelled: 400 } },
      "warning labels-missing 600/1000 samples, lost 600: 60 % of the samples of web carry no label: goroutines or callbacks that were started outside a request, or handlers without the middleware.",
    ],
    [
      "other labels in their place",
      { samples: { labelled: 800, otherLabelsOnly: 150, otherLabelKeys: ["tenant"] } },
      "warning labels-overwritten 150/1000 samples, lost 150: 150 of 1,000 samples of web have labels, but neither a trace nor a span id: labels set later took the place of the first, or the work belongs to no request.",
    ],
    [
      "an endpoint alone",
      { samples: { labelled: 0, otherLabelsOnly: 1_000, endpointOnly: 1_000 } },
      "error labels-overwritten 1000/1000 samples, lost 1000: 1,000 of 1,000 samples of web have an endpoint, but neither a trace nor a span id: labels set later took the place of the first.",
    ],
    [
      "ids under an unknown key",
      { samples: { labelled: 200 }, idLabels: [idLabel] },
      'error ids-unreadable 700/1000 samples, lost 700: 700 of 1,000 samples of web carry a label "request" whose values name stored spans when they are read as trace ids (decimal).',
    ],
    [
      "what only looks like ids",
      { idLabels: [{ ...idLabel, key: "trace", confirmed: false }] },
      'note ids-unreadable 700/1000 samples, lost 0: 700 of 1,000 samples of web carry a label "trace" whose values may be read as trace ids (decimal).',
    ],
    [
      "half an id",
      { meetings: { met: 800, otherForm: { samples: 100, traceIds: [], form: "the last 64 bits of 128" } } },
      "warning ids-unreadable 100/900 labelled samples, lost 100: 100 of 900 labelled samples of web name no stored trace, but would when their ids are read as the last 64 bits of 128.",
    ],
    [
      "traces that were not sampled",
      {
        meetings: { met: 200, traceMissing: { samples: 700, traces: 75, traceIds: [] } },
        spans: { thinned: 3 },
      },
      "error trace-not-sampled 700/900 labelled samples, lost 700: 700 of 900 labelled samples of web name 75 traces of which no span is stored: profiled, but not sampled. Its spans' tracestate says that only a part of the traces is kept.",
    ],
    [
      "a few such",
      { meetings: { met: 890, traceMissing: { samples: 10, traces: 1, traceIds: [] } } },
      "note trace-not-sampled 10/900 labelled samples, lost 10: 10 of 900 labelled samples of web name 1 trace of which no span is stored: profiled, but not sampled.",
    ],
    [
      "dropped spans",
      { meetings: { met: 700, spanMissing: { samples: 200, traceIds: [] } } },
      "warning span-missing 200/900 labelled samples, lost 200: 200 of 900 labelled samples of web name a span that is not stored, though its trace is: it was dropped on the way, or has not ended yet.",
    ],
    [
      "a clock that is ahead",
      {
        meetings: { met: 0, skewed: { samples: 900, traceIds: [], offsetNs: 90e9 } },
        spans: { coveredEntries: 0 },
      },
      "error clock-skew 900/900 labelled samples, lost 900: 900 of 900 labelled samples of web lie in profiles 1 m 30 s after the spans they name: the clocks differ, or the profiles say a wrong start.",
    ],
    [
      "spans under another name",
      {
        places: { foreign: [{ service: "site", samples: 880, traceIds: [] }], inEntries: NONE, inDeeper: 0 },
      },
      "error names-differ 880/900 labelled samples, lost 880: 880 of 900 labelled samples of web name spans of site: one service under two names.",
    ],
    [
      "only entries named",
      { places: { inEntries: { samples: 900, traceIds: [] }, inDeeper: 0 } },
      "warning entry-only 900/900 labelled samples, lost 0: All 900 labelled samples of web name the span of the request itself, none of its 100 inner spans: a span's own flame graph stays empty.",
    ],
    [
      "no profile",
      {
        samples: { samples: 0, labelled: 0, profiles: 0 },
        meetings: { met: 0 },
        places: { inEntries: NONE, inDeeper: 0 },
        spans: { coveredEntries: 0 },
      },
      "warning no-window 100/100 requests, lost 0: None of the 100 requests of web fell into a CPU profile of it: there is none in this time.",
    ],
    [
      "a tenth of a minute profiled",
      { spans: { coveredEntries: 17 } },
      "note no-window 83/100 requests, lost 4394: 83 % of the requests of web fell between its CPU profiles.",
    ],
    [
      "hardly ever profiled",
      { spans: { coveredEntries: 5 } },
      "warning no-window 95/100 requests, lost 17100: 95 % of the requests of web fell between its CPU profiles.",
    ],
    [
      "short requests",
      { spans: { shortEntries: 80 } },
      "note too-short 80/100 requests, lost 0: 80 of 100 requests of web are shorter than the 10 ms between two samples: most of them have none, however much they compute.",
    ],
    [
      "a heap profile",
      { labellessTypes: [{ type: "inuse_space", records: 40 }] },
      "note type-without-labels 40/40 samples, lost 0: Heap and lock profiles of web belong to the whole process: its profiler puts no labels on them.",
    ],
  ])("%s", (_name, changes, expected) => {
    expect(draw(change(changes))).toEqual([expected]);
  });

  test.each<[string, Change]>([
    ["a fifth of the samples is the runtime's", { samples: { labelled: 800 } }],
    [
      "inner spans too short to be hit",
      { places: { inEntries: { samples: 900, traceIds: [] }, inDeeper: 0 }, spans: { deeperNs: 4e7 } },
    ],
    ["idle, so nearly all of it is the runtime's", { samples: { labelled: 12, profiledNs: 2_000e9 } }],
    ["a few requests between profiles", { spans: { coveredEntries: 96 } }],
    [
      "a stray sample beside its span's time",
      { meetings: { met: 892, skewed: { samples: 8, traceIds: [], offsetNs: 9e9 } } },
    ],
    ["some short requests", { spans: { shortEntries: 40 } }],
    ["spans on their way", { meetings: { met: 850, waiting: 50 } }],
    [
      "background work without spans",
      { samples: { labelled: 0 }, spans: { spans: 0, entries: 0, coveredEntries: 0 } },
    ],
  ])("nothing is wrong: %s", (_name, changes) => {
    expect(draw(change(changes))).toEqual([]);
  });

  test("two names are guessed where one has only samples, the other only spans, and said once", () => {
    const profiled = change({
      service: "product-svc",
      samples: { labelled: 0 },
      meetings: { met: 0 },
      spans: { spans: 0, entries: 0, coveredEntries: 0 },
    });
    const traced = change({
      service: "product",
      samples: { samples: 0, labelled: 0, profiles: 0 },
      places: { inEntries: NONE, inDeeper: 0 },
      spans: { coveredEntries: 0 },
    });
    expect(draw(profiled, traced)).toEqual([
      "error names-differ 1000/1000 samples, lost 1000: product-svc has 1,000 samples and no span, product has 200 spans and no sample: they may be one service under two names.",
    ]);
    expect(draw(profiled, { ...traced, service: "payment" })).toHaveLength(1);
    expect(draw(profiled, { ...traced, service: "payment" })[0]).toContain("no-window");
  });

  test("faults come before notes, and among each what costs the most", () => {
    const many = change({
      samples: { labelled: 500, otherLabelsOnly: 300, endpointOnly: 300 },
      meetings: {
        met: 100,
        traceMissing: { samples: 250, traces: 9, traceIds: [] },
        spanMissing: { samples: 140, traceIds: [] },
        skewed: { samples: 10, traceIds: [], offsetNs: -5e9 },
      },
      spans: { coveredEntries: 20, shortEntries: 20 },
    });
    expect(
      diagnose([many]).map(({ code, lostSamples, severity }) => `${severity} ${code} ${lostSamples}`),
    ).toEqual([
      "warning labels-overwritten 300",
      "error trace-not-sampled 250",
      "warning span-missing 140",
      "note no-window 2000",
      "note clock-skew 10",
      "note too-short 0",
    ]);
    expect(judge(many, diagnose([many])).verdict).toBe("broken");
  });
});

test("every reason has a name and something to do, in the service's language where it is known", () => {
  for (const code of FINDING_CODES) {
    expect(nameOfReason(code).length).toBeLessThan(36);
    for (const language of ["", "go", "nodejs", "java"]) {
      const fixes = fixesOf(code, { service: "it's mine", language });
      expect(fixes.length).toBeGreaterThan(0);
      const languages = fixes.map((fix) => fix.language);
      if (language === "go" || language === "java") expect(languages).not.toContain("nodejs");
      if (language === "nodejs" || language === "java") expect(languages).not.toContain("go");
    }
  }
  expect(fixesOf("names-differ", { service: "it's mine", language: "" })[1]?.snippet).toBe(
    `export OTEL_SERVICE_NAME='it'\\''s mine'`,
  );
});

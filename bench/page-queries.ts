/** What the pages ask for, timed over HTTP the whole way through web process and engine, one call after another. */
import { tracesResponse } from "@/lib/api/contract";
import { type Figure, timeCalls } from "./figure";
import { type GeneratedStore, SERVICES } from "./generate-store";
import type { Hotspan } from "./hotspan";

const HOUR = 3_600_000_000_000n;
const DAY = 24n * HOUR;

interface Question {
  readonly name: string;
  readonly rounds: number;
  readonly target?: { readonly words: string; readonly p95Ms: number };
  /** The path of one call; rounds differ, so that nothing is answered from the call before. */
  readonly path: (round: number) => string;
}

const LIST = { words: "p95 < 100 ms", p95Ms: 100 };
const DOCTOR = { words: "p95 < 1 s", p95Ms: 1_000 };
const FLAME = { words: "p95 < 50 ms", p95Ms: 50 };

/** @param endpointNames as recorded */
export async function measurePageQueries(
  hotspan: Hotspan,
  store: GeneratedStore,
  endpointNames: readonly string[],
  quick: boolean,
): Promise<Figure[]> {
  const group = `${store.samples / 1e6} M samples`;
  const questions = await listQuestions(hotspan, store, endpointNames);
  const figures: Figure[] = [];
  for (const { name, path, rounds, target } of questions) {
    const { p50, p95, repetitions } = await timeCalls(quick ? 5 : rounds, 20, (round) =>
      hotspan.get(path(round)),
    );
    figures.push({
      ...{ group, name, unit: "ms", value: p50, p95, repetitions },
      ...(target === undefined ? {} : { target: target.words, met: p95 < target.p95Ms }),
    });
  }
  return figures;
}

async function listQuestions(
  hotspan: Hotspan,
  store: GeneratedStore,
  names: readonly string[],
): Promise<Question[]> {
  const day = `from=${store.start}&to=${store.start + DAY}`;
  const hour = (round: number) =>
    `from=${store.start + BigInt(round % 23) * HOUR}&to=${store.start + BigInt((round % 23) + 1) * HOUR}`;
  const service = (round: number) => SERVICES[(round * 7) % SERVICES.length] ?? "";
  const endpoint = (round: number) =>
    `service=${service(round)}&endpoint=${encodeURIComponent(`GET /${service(round)}/${names[round % names.length]}`)}`;
  const traces = await findTraceIds(hotspan, store);
  const trace = (round: number) => traces[round % traces.length] ?? "";
  const listed = ["-start", "-duration", "-cpu", "-unexplained", "name", "-errors"];
  return [
    { name: "nothing: sample-data state", rounds: 50, path: () => "/api/v1/sample-data" },
    ...listed.map((sort) => ({
      name: `traces 24 h, sort=${sort}`,
      rounds: 25,
      target: LIST,
      path: (round: number) => `/api/v1/traces?${day}&sort=${sort}&min_duration=${round}us`,
    })),
    {
      name: "traces 1 h, sort=-start",
      rounds: 25,
      target: LIST,
      path: (round) => `/api/v1/traces?${hour(round)}&sort=-start`,
    },
    {
      name: "traces 24 h, one endpoint, sort=-duration",
      rounds: 25,
      target: LIST,
      path: (round) => `/api/v1/traces?${day}&${endpoint(round)}&sort=-duration`,
    },
    {
      name: "traces 24 h, errors, >= 500 ms, profiled",
      rounds: 25,
      target: LIST,
      path: (round) =>
        `/api/v1/traces?${day}&status=error&has_profile=true&min_duration=${500 + round}ms&sort=-cpu`,
    },
    {
      name: "traces 1 h, text over attributes",
      rounds: 10,
      path: (round) => `/api/v1/traces?${hour(round)}&q=customer.id%3D${12_345 + round}`,
    },
    {
      name: "heat map 24 h",
      rounds: 25,
      path: (round) => `/api/v1/traces/heatmap?${day}&min_duration=${round}us`,
    },
    { name: "trace page data", rounds: 100, path: (round) => `/api/v1/traces/${trace(round)}` },
    {
      name: "flame graph of one trace",
      rounds: 200,
      target: FLAME,
      path: (round) => `/api/v1/flamegraph?trace_id=${trace(round)}`,
    },
    {
      name: "flame graph of one endpoint, 1 h",
      rounds: 40,
      path: (round) => `/api/v1/flamegraph?${hour(round)}&${endpoint(round)}`,
    },
    {
      name: "flame graph of one endpoint, 24 h",
      rounds: 20,
      path: (round) => `/api/v1/flamegraph?${day}&${endpoint(round)}`,
    },
    {
      name: "flame graph of one service, 1 h",
      rounds: 40,
      path: (round) => `/api/v1/flamegraph?${hour(round)}&service=${service(round)}`,
    },
    {
      name: "flame graph of one service, 24 h",
      rounds: 20,
      path: (round) => `/api/v1/flamegraph?${day}&service=${service(round)}`,
    },
    {
      name: "functions of one service, 1 h",
      rounds: 25,
      path: (round) => `/api/v1/functions?${hour(round)}&service=${service(round)}`,
    },
    {
      name: "endpoints of one service, 1 h",
      rounds: 25,
      path: (round) => `/api/v1/endpoints?${hour(round)}&service=${service(round)}`,
    },
    {
      name: "endpoints of one service, 24 h",
      rounds: 20,
      path: (round) => `/api/v1/endpoints?${day}&service=${service(round)}`,
    },
    {
      name: "CPU over time by endpoint, one service, 24 h",
      rounds: 20,
      path: (round) => `/api/v1/series?${day}&service=${service(round)}&by=endpoint`,
    },
    {
      name: "services 24 h",
      rounds: 20,
      path: (round) => `/api/v1/services?from=${store.start + BigInt(round)}&to=${store.start + DAY}`,
    },
    {
      name: "doctor, all services, 24 h",
      rounds: 10,
      target: DOCTOR,
      path: (round) => `/api/v1/doctor?from=${store.start + BigInt(round)}&to=${store.start + DAY}`,
    },
    {
      name: "doctor, one service, 1 h",
      rounds: 20,
      target: DOCTOR,
      path: (round) => `/api/v1/doctor?${hour(round)}&service=${service(round)}`,
    },
  ];
}

/** Of all hours, most with few samples and some with many. */
export async function findTraceIds(hotspan: Hotspan, store: GeneratedStore): Promise<string[]> {
  const ids: string[] = [];
  for (let hour = 0n; hour < 24n; hour++) {
    const range = `from=${store.start + hour * HOUR}&to=${store.start + (hour + 1n) * HOUR}`;
    for (const sort of ["-start", "-cpu"]) {
      const body = await hotspan.get(
        `/api/v1/traces?${range}&sort=${sort}&has_profile=true&limit=${sort === "-cpu" ? 2 : 8}`,
      );
      ids.push(...tracesResponse.parse(JSON.parse(body)).traces.map(({ traceId }) => traceId));
    }
  }
  return ids;
}

/** The calls that the four pages make when they are opened, in turn. */
export function pageCalls(
  store: GeneratedStore,
  traceIds: readonly string[],
): (round: number) => readonly string[] {
  const end = store.start + DAY;
  const hour = `from=${end - HOUR}&to=${end}`;
  return (round) => {
    const service = SERVICES[round % SERVICES.length] ?? "";
    const trace = traceIds[round % traceIds.length] ?? "";
    const pages = [
      [`/api/v1/services?${hour}`],
      [`/api/v1/traces?${hour}&sort=-duration&limit=100`, `/api/v1/traces/heatmap?${hour}`],
      [`/api/v1/traces/${trace}`, `/api/v1/flamegraph?trace_id=${trace}`],
      [
        `/api/v1/endpoints?${hour}&service=${service}`,
        `/api/v1/series?${hour}&service=${service}&by=endpoint`,
        `/api/v1/flamegraph?${hour}&service=${service}`,
      ],
    ];
    return pages[round % pages.length] ?? [];
  };
}

/**
 * Numbers as people read them: at most three significant digits and a unit, with an exact form beside each for titles.
 * Pure and without locale guesses: the same number reads the same on every machine, or screenshots and reports disagree.
 */
import { NANOS_PER_MILLI, NANOS_PER_SECOND, type Nanos } from "@/lib/units";

/** What stands where there is no number: not zero, not an empty cell. */
export const NO_VALUE = "–";

const MINUTE = 60 * NANOS_PER_SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** Three significant digits without trailing zeros: 1.24, 41.2, 412; what is there but smaller than they reach is `<0.001`. */
function threeDigits(value: number): string {
  const size = Math.abs(value);
  if (size === 0) return "0";
  if (size < 0.0005) return value < 0 ? ">-0.001" : "<0.001";
  const decimals = size >= 99.95 ? 0 : size >= 9.995 ? 1 : size >= 0.9995 ? 2 : 3;
  return String(Number(value.toFixed(decimals)));
}

/** Picks the largest step that the value, as it will be rounded, reaches: 999.6 µs is `1 ms`, never `1000 µs`. */
function scaled(value: number, steps: readonly (readonly [size: number, unit: string])[]): string {
  const magnitude = Math.abs(value);
  let chosen = steps[0];
  for (const step of steps) if (magnitude >= step[0] * 0.9995) chosen = step;
  if (chosen === undefined) return String(value);
  const digits = threeDigits(value / chosen[0]);
  return chosen[1] === "" ? digits : `${digits} ${chosen[1]}`;
}

/** @param ns a duration in nanoseconds @returns `740 ns`, `18.3 µs`, `412 ms`, `1.24 s`, `2 m 05 s`, `3 h 12 m`, `4 d 2 h` */
export function formatDuration(ns: Nanos | null | undefined): string {
  if (ns === null || ns === undefined || !Number.isFinite(ns)) return NO_VALUE;
  const size = Math.abs(ns);
  if (size < 59.95 * NANOS_PER_SECOND) {
    return scaled(ns, [
      [1, "ns"],
      [1_000, "µs"],
      [NANOS_PER_MILLI, "ms"],
      [NANOS_PER_SECOND, "s"],
    ]);
  }
  const sign = ns < 0 ? "-" : "";
  const seconds = Math.round(size / NANOS_PER_SECOND);
  if (seconds < 3_600) return `${sign}${Math.floor(seconds / 60)} m ${pad(seconds % 60)} s`;
  const minutes = Math.round(size / MINUTE);
  if (size < DAY && minutes < 1_440) return `${sign}${Math.floor(minutes / 60)} h ${pad(minutes % 60)} m`;
  const hours = Math.round(size / HOUR);
  return `${sign}${Math.floor(hours / 24)} d ${hours % 24} h`;
}

/** @returns every digit that is known, in the unit of `formatDuration`: `1.241332117 s`, `412.05 ms` */
export function formatDurationExact(ns: Nanos | null | undefined): string {
  if (ns === null || ns === undefined || !Number.isFinite(ns)) return "no value";
  const size = Math.abs(ns);
  if (size >= NANOS_PER_SECOND) return `${grouped(ns / NANOS_PER_SECOND, 9)} s`;
  if (size >= NANOS_PER_MILLI) return `${grouped(ns / NANOS_PER_MILLI, 6)} ms`;
  if (size >= 1_000) return `${grouped(ns / 1_000, 3)} µs`;
  return `${grouped(ns, 3)} ns`;
}

/** @returns `0`, `412`, `3.2 k`, `1.24 M`, `18 G` */
export function formatCount(value: number | null | undefined): string {
  if (value === null || value === undefined || !Number.isFinite(value)) return NO_VALUE;
  return scaled(value, [
    [1, ""],
    [1e3, "k"],
    [1e6, "M"],
    [1e9, "G"],
    [1e12, "T"],
  ]);
}

/** @returns all digits in groups of three: `3,214` */
export function formatCountExact(value: number | null | undefined): string {
  if (value === null || value === undefined || !Number.isFinite(value)) return "no value";
  return grouped(value, 6);
}

/** @returns `812 B`, `1.24 MiB` (powers of 1024, as Go and the kernel count memory) */
export function formatBytes(value: number | null | undefined): string {
  if (value === null || value === undefined || !Number.isFinite(value)) return NO_VALUE;
  return scaled(value, [
    [1, "B"],
    [1_024, "KiB"],
    [1_024 ** 2, "MiB"],
    [1_024 ** 3, "GiB"],
    [1_024 ** 4, "TiB"],
  ]);
}

/** @param ratio 0..1 @returns `12.4 %`; what is there but rounds to nothing is `<0.1 %`, never `0 %` */
export function formatPercent(ratio: number | null | undefined): string {
  if (ratio === null || ratio === undefined || !Number.isFinite(ratio)) return NO_VALUE;
  const percent = ratio * 100;
  if (percent !== 0 && Math.abs(percent) < 0.05) return "<0.1 %";
  if (percent < 100 && percent >= 99.95) return ">99.9 %";
  return `${Number(percent.toFixed(Math.abs(percent) >= 99.95 ? 0 : 1))} %`;
}

/** @param cores CPU time divided by wall time @returns `0.42 cores`, `1 core` */
export function formatCores(cores: number | null | undefined): string {
  if (cores === null || cores === undefined || !Number.isFinite(cores)) return NO_VALUE;
  const digits = threeDigits(cores);
  return `${digits} ${digits === "1" ? "core" : "cores"}`;
}

/** Sample units as pprof names them. */
export type ValueUnit = "nanoseconds" | "bytes" | "count" | (string & {});

/** A value of a sample type in the unit that came with it: time, memory or a count of something. */
export function formatValue(value: number | null | undefined, unit: ValueUnit): string {
  switch (unit) {
    case "nanoseconds":
      return formatDuration(value);
    case "bytes":
      return formatBytes(value);
    default:
      return formatCount(value);
  }
}

/** The exact form of `formatValue`, unit included. */
export function formatValueExact(value: number | null | undefined, unit: ValueUnit): string {
  switch (unit) {
    case "nanoseconds":
      return formatDurationExact(value);
    case "bytes":
      return `${formatCountExact(value)} bytes`;
    default:
      return formatCountExact(value);
  }
}

/** `1 sample`, `3.2 k samples`. */
export function formatCounted(value: number, one: string, many = `${one}s`): string {
  return `${formatCount(value)} ${value === 1 ? one : many}`;
}

/** @param instant Unix nanoseconds as decimal text @returns local time of day: `14:03:22.114` */
export function formatTime(instant: string | bigint): string {
  const { date, nanos } = split(instant);
  return `${clock(date)}.${String(Math.floor(nanos / NANOS_PER_MILLI)).padStart(3, "0")}`;
}

/** @returns local date and time to the second: `2026-11-20 14:03:22` */
export function formatDateTime(instant: string | bigint): string {
  const { date } = split(instant);
  return `${calendar(date)} ${clock(date)}`;
}

/** @returns every digit and the offset: `2026-11-20 14:03:22.114235001 +01:00` */
export function formatInstantExact(instant: string | bigint): string {
  const { date, nanos } = split(instant);
  const offset = -date.getTimezoneOffset();
  const zone = `${offset < 0 ? "-" : "+"}${pad(Math.floor(Math.abs(offset) / 60))}:${pad(Math.abs(offset) % 60)}`;
  return `${calendar(date)} ${clock(date)}.${String(nanos).padStart(9, "0")} ${zone}`;
}

/** @param nowMillis Unix milliseconds @returns `now`, `12 s ago`, `3 m ago`, `5 h ago`, `2 d ago` */
export function formatAgo(instant: string | bigint, nowMillis: number): string {
  const seconds = Math.floor(nowMillis / 1_000 - Number(BigInt(instant) / 1_000_000_000n));
  if (seconds < 2) return "now";
  if (seconds < 60) return `${seconds} s ago`;
  if (seconds < 3_600) return `${Math.floor(seconds / 60)} m ago`;
  if (seconds < 86_400) return `${Math.floor(seconds / 3_600)} h ago`;
  return `${Math.floor(seconds / 86_400)} d ago`;
}

function split(instant: string | bigint): { date: Date; nanos: number } {
  const value = BigInt(instant);
  return { date: new Date(Number(value / 1_000_000n)), nanos: Number(value % 1_000_000_000n) };
}

function calendar(date: Date): string {
  return `${date.getFullYear()}-${pad(date.getMonth() + 1)}-${pad(date.getDate())}`;
}

function clock(date: Date): string {
  return `${pad(date.getHours())}:${pad(date.getMinutes())}:${pad(date.getSeconds())}`;
}

function pad(value: number): string {
  return String(value).padStart(2, "0");
}

function grouped(value: number, maximumFractionDigits: number): string {
  return new Intl.NumberFormat("en-US", { maximumFractionDigits }).format(value);
}

import { performance } from "node:perf_hooks";
import { getHeapStatistics } from "node:v8";
import type { CaptureOptions } from "./options";

/** What the process looked like since the last reading. Shares are of 1. */
export interface LoadReading {
  /** CPU time of all threads over time passed, in cores. */
  readonly cpuCores: number;
  readonly eventLoopBusy: number;
  /** V8's heap in use over its limit. */
  readonly heap: number;
  /** Resident memory over the container's limit; 0 when there is none. */
  readonly memory: number;
}

/** @returns a function that reads what happened since it was last called */
export function createLoadReader(): () => LoadReading {
  let cpu = process.cpuUsage();
  let loop = performance.eventLoopUtilization();
  let at = performance.now();
  return () => {
    const now = performance.now();
    const used = process.cpuUsage(cpu);
    const busy = performance.eventLoopUtilization(loop).utilization;
    const passedMicros = (now - at) * 1_000;
    cpu = process.cpuUsage();
    loop = performance.eventLoopUtilization();
    at = now;
    const heap = getHeapStatistics();
    const limit = memoryLimit();
    return {
      cpuCores: passedMicros > 0 ? (used.user + used.system) / passedMicros : 0,
      eventLoopBusy: busy,
      heap: heap.used_heap_size / heap.heap_size_limit,
      memory: limit === undefined ? 0 : process.memoryUsage.rss() / limit,
    };
  };
}

/** Without a limit Node says 0, or a number beyond all memory. */
function memoryLimit(): number | undefined {
  const limit = process.constrainedMemory?.() ?? 0;
  return limit > 0 && limit < 2 ** 50 ? limit : undefined;
}

/** @returns why a capture is due, short enough for a label: `event loop 83 % > 70 %`; undefined when all is well */
export function whyCapture(reading: LoadReading, limits: Required<CaptureOptions>): string | undefined {
  const reasons = [
    over("heap", reading.heap, limits.memory),
    over("memory", reading.memory, limits.memory),
    over("cpu", reading.cpuCores, limits.cpuCores),
    over("event loop", reading.eventLoopBusy, limits.eventLoopBusy),
  ].filter((reason) => reason !== undefined);
  return reasons.length === 0 ? undefined : reasons.join(", ");
}

function over(what: string, value: number, limit: number): string | undefined {
  return value > limit ? `${what} ${percent(value)} > ${percent(limit)}` : undefined;
}

function percent(share: number): string {
  return `${Math.round(share * 100)} %`;
}

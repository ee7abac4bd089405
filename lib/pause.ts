import { setTimeout } from "node:timers/promises";

/** Waits; less when `signal` ends the wait, which is no error: whoever waits looks at the signal next. */
export async function pause(ms: number, signal?: AbortSignal): Promise<void> {
  try {
    await setTimeout(ms, undefined, signal === undefined ? {} : { signal });
  } catch (error) {
    if (signal?.aborted !== true) throw error;
  }
}

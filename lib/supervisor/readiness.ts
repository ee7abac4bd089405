import { setTimeout as sleep } from "node:timers/promises";

/**
 * Polls until `isReady` accepts an answer of the url.
 * @throws Error naming what did not answer, after `ms`
 */
export async function waitForAnswer(
  name: string,
  url: string,
  isReady: (status: number) => boolean,
  ms: number,
): Promise<void> {
  const deadline = Date.now() + ms;
  let last = "no answer";
  while (Date.now() < deadline) {
    try {
      const response = await fetch(url, { signal: AbortSignal.timeout(5_000), redirect: "manual" });
      await response.body?.cancel();
      if (isReady(response.status)) return;
      last = `status ${response.status}`;
    } catch (error) {
      last = error instanceof Error ? error.message : String(error);
    }
    await sleep(50);
  }
  throw new Error(`The ${name} did not become ready within ${ms / 1_000} s (${last}).`);
}

import { get } from "node:http";
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
      const status = await askStatus(url);
      if (isReady(status)) return;
      last = `status ${status}`;
    } catch (error) {
      last = error instanceof Error ? error.message : String(error);
    }
    await sleep(50);
  }
  throw new Error(`The ${name} did not become ready within ${ms / 1_000} s (${last}).`);
}

/** Without an agent the connection is closed at once: one kept alive would hold up the end of who answered. */
function askStatus(url: string): Promise<number> {
  return new Promise((resolve, reject) => {
    const request = get(url, { agent: false, timeout: 5_000 }, (response) => {
      response.resume();
      resolve(response.statusCode ?? 0);
    });
    request.once("timeout", () => request.destroy(new Error("no answer within 5 s")));
    request.once("error", reject);
  });
}

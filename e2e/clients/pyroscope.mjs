/**
 * @pyroscope/nodejs as its users run it: `URL` and `SERVICE` from the environment. Works for about two seconds, half of
 * it labelled, stops the profiler, which sends what it has, and ends.
 */
import Pyroscope from "@pyroscope/nodejs";
import { burnOrders, burnSearch } from "./burn.mjs";

Pyroscope.init({
  serverAddress: process.env.URL,
  appName: process.env.SERVICE,
  tags: { region: "eu" },
  flushIntervalMs: 1_000,
  wall: { samplingDurationMs: 1_000, samplingIntervalMicros: 10_000, collectCpuTime: true },
});
// Stopped on a slow machine, its timer asks the heap profiler once more (0.6.4), which would end the process.
process.on("uncaughtException", (error) => {
  if (!error.message.includes("profiler is not enabled")) throw error;
});
Pyroscope.start();

for (let turn = 0; turn < 20; turn++) {
  Pyroscope.wrapWithLabels({ endpoint: turn % 2 === 0 ? "GET /orders/:id" : "GET /search" }, () => {
    if (turn % 2 === 0) burnOrders(50);
    else burnSearch(50);
  });
  burnOrders(50);
  await new Promise((resolve) => setTimeout(resolve, 5));
}
await Pyroscope.stop();

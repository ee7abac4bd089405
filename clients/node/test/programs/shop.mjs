/**
 * Two endpoints whose work is done by functions named after them, before and after `await`s that interleave, and work that
 * belongs to no request. Told what to do by its parent: ARGUMENTS is the options of startHotspan as JSON.
 */

import { createServer } from "node:http";
import { setTimeout as pause } from "node:timers/promises";
import { startHotspan } from "@hotspan/node";
import { trace } from "@opentelemetry/api";

const warnings = [];
const hotspan = startHotspan({
  ...JSON.parse(process.env.ARGUMENTS ?? "{}"),
  warn: (message) => warnings.push(message),
});
const tracer = trace.getTracer("shop");

function burnCheckout(ms) {
  for (const end = performance.now() + ms; performance.now() < end; ) Math.sqrt(ms);
}
function burnSearch(ms) {
  for (const end = performance.now() + ms; performance.now() < end; ) Math.sqrt(ms);
}
function burnSearchIndex(ms) {
  for (const end = performance.now() + ms; performance.now() < end; ) Math.sqrt(ms);
}
function burnBackground(ms) {
  for (const end = performance.now() + ms; performance.now() < end; ) Math.sqrt(ms);
}

async function checkout() {
  burnCheckout(6);
  await pause(3);
  burnCheckout(6);
  await Promise.resolve();
  burnCheckout(6);
  await new Promise((resolve) => setImmediate(resolve));
  burnCheckout(6);
}

async function search() {
  burnSearch(6);
  await pause(2);
  await tracer.startActiveSpan("read index", async (span) => {
    burnSearchIndex(6);
    await pause(3);
    burnSearchIndex(6);
    span.end();
  });
  burnSearch(6);
}

const server = createServer(async (request, response) => {
  const isSearch = request.url?.startsWith("/search");
  const span = trace.getActiveSpan();
  await (isSearch ? search() : checkout());
  // As frameworks do: the route is known when all is done.
  span?.setAttribute("http.route", isSearch ? "/search/:term" : "/checkout/:id");
  response.end("done");
});
const background = setInterval(() => burnBackground(3), 20);

process.on("message", async (message) => {
  if (message === "flush") await hotspan.flush();
  if (message === "shutdown") {
    clearInterval(background);
    server.close();
    await hotspan.shutdown();
  }
  process.send?.({
    done: message,
    stats: hotspan.stats(),
    profiling: hotspan.profiling,
    tracing: hotspan.tracing,
    warnings,
  });
  if (message === "shutdown") process.disconnect();
});
server.listen(0, "127.0.0.1", () => process.send?.({ port: server.address().port }));

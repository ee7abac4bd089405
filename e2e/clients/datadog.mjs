/**
 * dd-trace with its profiler and its OTLP exporter, as its users run it: all settings come from the environment. Serves
 * itself requests for about three seconds, then ends as a service does that is told to.
 */
import tracer from "dd-trace";

tracer.init();

const { createServer, get } = await import("node:http");
const { burnOrders, burnSearch } = await import("./burn.mjs");

const server = createServer(async (request, response) => {
  const route = request.url.startsWith("/orders/") ? "/orders/:id" : "/search";
  tracer.scope().active()?.setTag("http.route", route);
  await new Promise((resolve) => setTimeout(resolve, 2));
  if (route === "/search") burnSearch(30);
  else burnOrders(30);
  response.end("ok");
});
await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
const base = `http://127.0.0.1:${server.address().port}`;
const until = performance.now() + Number(process.env.WORK_MS ?? 3_000);
for (let turn = 0; performance.now() < until; turn++) {
  await request(turn % 2 === 0 ? `${base}/orders/${turn}` : `${base}/search`);
}

/** On a connection of its own: one kept alive would label what comes later with the request that opened it. */
function request(url) {
  return new Promise((resolve, reject) => {
    get(url, { agent: false }, (answer) => answer.resume().once("end", resolve)).once("error", reject);
  });
}

server.close();
server.closeAllConnections();
// It sends a last profile when the process is about to end, and then does not keep it alive.
process.emit("beforeExit");
await new Promise((resolve) => setTimeout(resolve, Number(process.env.LINGER_MS ?? 1_500)));

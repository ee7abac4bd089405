/** One server of overhead.mjs: VARIANT is plain, traced (tracing alone) or hotspan (tracing and profiles). */
import { createServer } from "node:http";
import { turn } from "./turn.mjs";

const { VARIANT, SINK, ITERATIONS } = process.env;
const { startHotspan } = await import("@hotspan/node");
if (VARIANT !== "plain") {
  startHotspan({
    url: SINK,
    service: "bench",
    profiling: VARIANT === "hotspan",
    // The load is meant to be high: a capture would measure something else.
    capture: false,
    warn: (message) => console.error(`${VARIANT}: ${message}`),
  });
}

const iterations = Number(ITERATIONS);
const server = createServer(async (request, response) => {
  await Promise.resolve();
  response.end(request.url === "/cpu" ? String(turn(iterations)) : "ok");
});
process.on("message", () => process.send({ cpu: process.cpuUsage() }));
process.on("disconnect", () => process.exit());
server.listen(0, "127.0.0.1", () => process.send({ port: server.address().port }));

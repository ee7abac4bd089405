/** A server that stays until it is told to go. */
const { startHotspan } = require("@hotspan/node");

const hotspan = startHotspan(JSON.parse(process.env.ARGUMENTS ?? "{}"));
const server = require("node:http").createServer((_request, response) => response.end());
const until = performance.now() + 100;
while (performance.now() < until); // something to be seen in its profile
server.listen(0, "127.0.0.1", () =>
  process.send({ port: server.address().port, profiling: hotspan.profiling }),
);

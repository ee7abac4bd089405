/** On a platform for which the sampler has no binary, loading it throws. */
const Module = require("node:module");

const load = Module._load;
Module._load = function (request, ...rest) {
  if (request === "@datadog/pprof") throw new Error("No native build was found");
  return load.call(this, request, ...rest);
};
const { startHotspan } = require("@hotspan/node");
const warnings = [];
const options = JSON.parse(process.env.ARGUMENTS ?? "{}");
const hotspan = startHotspan({ ...options, warn: (message) => warnings.push(message) });
hotspan.shutdown().then(() => {
  process.send({ done: "shutdown", profiling: hotspan.profiling, tracing: hotspan.tracing, warnings });
  process.disconnect();
});

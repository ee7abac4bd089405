/** Another profiler was first. */
const { time } = require("@datadog/pprof");

time.start({ intervalMicros: 10_000, durationMillis: 10_000 });
const { startHotspan } = require("@hotspan/node");
const warnings = [];
const options = JSON.parse(process.env.ARGUMENTS ?? "{}");
const hotspan = startHotspan({ ...options, warn: (message) => warnings.push(message) });
const again = startHotspan({ url: "http://another" });
setTimeout(async () => {
  await hotspan.shutdown();
  const theirs = time.stop();
  process.send({
    done: "shutdown",
    profiling: hotspan.profiling,
    tracing: hotspan.tracing,
    warnings,
    extra: { isSame: again === hotspan, theirSamples: theirs.sample.length > 0 },
  });
  process.disconnect();
}, 50);
for (const end = performance.now() + 300; performance.now() < end; ) Math.sqrt(end);

/** Keeps its event loop busy until it is told to stop, and allocates meanwhile. */
import { startHotspan } from "@hotspan/node";

const hotspan = startHotspan(JSON.parse(process.env.ARGUMENTS ?? "{}"));
const kept = [];
let isBusy = true;
function burn() {
  kept.push(Array.from({ length: 2_000 }, (_, index) => `text ${index} of ${kept.length}`));
  if (kept.length > 50) kept.shift();
  if (isBusy) setImmediate(burn);
}
burn();
process.on("message", async (message) => {
  isBusy = false;
  await hotspan.shutdown();
  process.send({ done: message, stats: hotspan.stats() });
  process.disconnect();
});
process.send({ port: 0 });

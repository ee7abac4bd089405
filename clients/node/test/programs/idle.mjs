/** Starts, works a little, and has nothing left to do: it must end by itself. */
import { startHotspan } from "@hotspan/node";

startHotspan(JSON.parse(process.env.ARGUMENTS ?? "{}"));
process.disconnect?.();
let left = 10;
const timer = setInterval(() => {
  for (const end = performance.now() + 20; performance.now() < end; ) Math.sqrt(left);
  if (--left === 0) clearInterval(timer);
}, 30);

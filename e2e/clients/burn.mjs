/** Work for the clients of this folder: CPU that a profiler finds in a function of a name of its own. */

/** Burns the CPU for about `ms`, in a frame called `burnOrders`. */
export function burnOrders(ms) {
  return spin(ms);
}

/** The same in a frame called `burnSearch`. */
export function burnSearch(ms) {
  return spin(ms);
}

function spin(ms) {
  const end = performance.now() + ms;
  let sum = 0;
  while (performance.now() < end) for (let step = 0; step < 1_000; step++) sum += Math.sqrt(step);
  return sum;
}

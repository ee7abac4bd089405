/** The same work however long it takes: a burn by the clock would hide what is to be measured. */
export function turn(times) {
  let sum = 0;
  for (let i = 0; i < times; i++) sum = Math.sqrt((i ^ sum) >>> 0);
  return sum;
}

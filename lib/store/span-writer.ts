/**
 * One at a time writes `otel_traces`: each writer first asks what is stored, and would not see what another is about
 * to store.
 */
let last: Promise<unknown> = Promise.resolve();

/** Runs `work` when all that was handed in before has ended, well or not. */
export function writeSpansAlone<T>(work: () => Promise<T>): Promise<T> {
  const turn = last.then(work, work);
  last = turn.catch(() => undefined);
  return turn;
}

/** @returns a function that runs `work` when all that was handed to it before has ended, well or not */
export function createTurns(): <T>(work: () => Promise<T>) => Promise<T> {
  let last: Promise<unknown> = Promise.resolve();
  return (work) => {
    const turn = last.then(work, work);
    last = turn.catch(() => undefined); // whoever handed it in hears of it
    return turn;
  };
}

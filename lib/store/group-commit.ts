import { HotspanError } from "@/lib/errors";

export interface GroupCommitOptions<T, R> {
  /** Rows of one submission. */
  readonly rowsOf: (item: T) => number;
  /**
   * Stores a whole group and says for each submission what came of it, or throws: then nobody in the group is told
   * that it was stored. Called one at a time.
   */
  readonly commit: (group: readonly T[]) => Promise<readonly R[]>;
  /** A group is committed when it has so many rows ... */
  readonly minRows: number;
  /** ... or its oldest submission has waited so long, in milliseconds. */
  readonly maxWaitMs: number;
  /** One commit takes at most so many rows, unless a single submission is larger. */
  readonly maxRows: number;
  /** More rows than this waiting are refused. */
  readonly maxQueuedRows: number;
  /** And more submissions than this. */
  readonly maxQueuedItems: number;
}

export interface GroupCommit<T, R> {
  /**
   * @returns once the rows are stored, what `commit` said of them
   * @throws HotspanError `overloaded` when too much is waiting, or whatever `commit` threw
   */
  submit(item: T): Promise<R>;
  /** Rows that wait or are being committed. */
  queuedRows(): number;
  /** Submissions that wait. */
  queuedItems(): number;
  /** Commits what waits without delay, and resolves when nothing is left. */
  drain(): Promise<void>;
}

interface Waiting<T, R> {
  readonly item: T;
  readonly rows: number;
  readonly since: number;
  readonly resolve: (result: R) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * Many small submissions become few large inserts: an insert costs an fsync whatever its size. Groups are committed
 * one after another, so that a group sees what the group before it stored.
 */
export function createGroupCommit<T, R>(options: GroupCommitOptions<T, R>): GroupCommit<T, R> {
  const waiting: Waiting<T, R>[] = [];
  let waitingRows = 0;
  let committingRows = 0;
  let running = false;
  let draining = false;
  let timer: NodeJS.Timeout | undefined;
  const drained: (() => void)[] = [];

  function schedule(): void {
    const oldest = waiting[0];
    if (running || oldest === undefined) return;
    const waited = performance.now() - oldest.since;
    if (draining || waitingRows >= options.minRows || waited >= options.maxWaitMs) {
      void run();
    } else {
      timer ??= setTimeout(
        () => {
          timer = undefined;
          schedule();
        },
        Math.ceil(options.maxWaitMs - waited),
      );
    }
  }

  async function run(): Promise<void> {
    clearTimeout(timer);
    timer = undefined;
    running = true;
    const group = takeGroup();
    try {
      const results = await options.commit(group.map(({ item }) => item));
      for (const [index, { resolve, reject }] of group.entries()) {
        const result = results[index];
        if (result === undefined) reject(new Error("The commit said nothing of a submission."));
        else resolve(result);
      }
    } catch (error) {
      for (const { reject } of group) reject(error);
    } finally {
      running = false;
      committingRows = 0;
      if (waiting.length === 0) for (const done of drained.splice(0)) done();
      schedule();
    }
  }

  function takeGroup(): Waiting<T, R>[] {
    let count = 0;
    for (const { rows } of waiting) {
      if (count > 0 && committingRows + rows > options.maxRows) break;
      committingRows += rows;
      count++;
    }
    waitingRows -= committingRows;
    return waiting.splice(0, count);
  }

  return {
    submit: (item) => {
      const rows = options.rowsOf(item);
      const isFull =
        waiting.length >= options.maxQueuedItems ||
        (waitingRows > 0 && waitingRows + rows > options.maxQueuedRows);
      if (isFull) {
        const message = `${waiting.length} batches of ${waitingRows} rows are waiting to be stored: send again shortly.`;
        return Promise.reject(new HotspanError("overloaded", message, { retryAfterSeconds: 2 }));
      }
      return new Promise<R>((resolve, reject) => {
        waiting.push({ item, rows, since: performance.now(), resolve, reject });
        waitingRows += rows;
        schedule();
      });
    },
    queuedRows: () => waitingRows + committingRows,
    queuedItems: () => waiting.length,
    drain: () => {
      draining = true;
      schedule();
      return running || waiting.length > 0
        ? new Promise((resolve) => drained.push(resolve))
        : Promise.resolve();
    },
  };
}

/** Halves and doubles, so that few steps reach any rate. */
const SLOWEST = 8;

/**
 * Keeps what collecting costs the main thread below a share of it: a window that cost more halves the rate of sampling,
 * down to an eighth; windows that cost less than a quarter of it bring it back.
 */
export function createThrottle(maxShare: number): {
  readonly note: (mainThreadMs: number, windowMs: number) => void;
  readonly slowdown: () => number;
  readonly share: () => number;
} {
  let slowdown = 1;
  let share = 0;
  return {
    note: (mainThreadMs, windowMs) => {
      share = mainThreadMs / Math.max(windowMs, 1);
      if (share > maxShare) slowdown = Math.min(slowdown * 2, SLOWEST);
      else if (share < maxShare / 4) slowdown = Math.max(slowdown / 2, 1);
    },
    slowdown: () => slowdown,
    share: () => share,
  };
}

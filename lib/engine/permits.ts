import { overloaded } from "./exceptions";

interface Waiter {
  readonly grant: () => void;
}

/** At most `running` holders at a time and `waiting` more in line, first come first served. */
export class Permits {
  #free: number;
  readonly #line: Waiter[] = [];

  constructor(
    running: number,
    private readonly waiting: number,
  ) {
    this.#free = running;
  }

  /**
   * Resolves when it is the caller's turn; call the result once to give the turn back.
   * @throws EngineException 202 at once when the line is full; the signal's reason when it aborts while waiting
   */
  async take(signal: AbortSignal): Promise<() => void> {
    signal.throwIfAborted();
    if (this.#free > 0) this.#free--;
    else if (this.#line.length >= this.waiting) {
      throw overloaded("The store has too many queries waiting; try again in a moment.");
    } else await this.#wait(signal);
    let held = true;
    return () => {
      if (!held) return;
      held = false;
      const next = this.#line.shift();
      if (next === undefined) this.#free++;
      else next.grant();
    };
  }

  #wait(signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const leave = () => {
        this.#line.splice(this.#line.indexOf(waiter), 1);
        reject(signal.reason);
      };
      const waiter: Waiter = {
        grant: () => {
          signal.removeEventListener("abort", leave);
          resolve();
        },
      };
      this.#line.push(waiter);
      signal.addEventListener("abort", leave, { once: true });
    });
  }
}

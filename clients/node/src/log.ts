/** Says each sentence once: a service that cannot reach Hotspan must not fill its own log. */
export type Log = (message: string) => void;

const MOST = 100;

export function createLog(
  warn: (message: string) => void = (message) => console.warn(`hotspan: ${message}`),
): Log {
  const said = new Set<string>();
  return (message) => {
    if (said.has(message) || said.size >= MOST) return;
    said.add(message);
    try {
      warn(message);
    } catch (error) {
      // The program's own function failed; nothing here may reach the program, so this is all that can be done.
      process.stderr.write(`hotspan: ${message} (warn failed: ${reasonOf(error)})\n`);
    }
  };
}

export function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

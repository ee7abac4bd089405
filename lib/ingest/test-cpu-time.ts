/**
 * Milliseconds of processor time that this process has used. Unlike a clock's they are the same on a busy machine, so a
 * limit on them holds the work and not what runs beside it.
 */
export function cpuMillis(): number {
  const { system, user } = process.cpuUsage();
  return (system + user) / 1_000;
}

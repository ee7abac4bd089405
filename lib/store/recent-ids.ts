/**
 * Remembers which ids were stored lately, in bounded memory: two generations, of which the older is dropped when the
 * younger is full, so whatever was asked for since stays. To forget an id only costs storing its row again.
 */
export class RecentIds {
  private young = new Set<bigint>();
  private old = new Set<bigint>();
  private day = "";

  constructor(private readonly capacity: number) {}

  /** Rows say on which day they were last seen, so a new day knows nothing yet. */
  startDay(day: string): void {
    if (day === this.day) return;
    this.day = day;
    this.young = new Set();
    this.old = new Set();
  }

  has(id: bigint): boolean {
    if (this.young.has(id)) return true;
    if (!this.old.has(id)) return false;
    this.add(id);
    return true;
  }

  add(id: bigint): void {
    if (this.young.size >= this.capacity / 2) {
      this.old = this.young;
      this.young = new Set();
    }
    this.young.add(id);
  }
}

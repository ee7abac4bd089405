import { scaleTime } from "d3-scale";

export interface TimeTick {
  millis: number;
  label: string;
}

const two = (value: number) => String(value).padStart(2, "0");

/** Round local times for a time axis; days are named where the range holds more than one. */
export function buildTimeTicks(fromMillis: number, toMillis: number, count: number): readonly TimeTick[] {
  const dates = scaleTime([new Date(fromMillis), new Date(toMillis)], [0, 1]).ticks(Math.max(2, count));
  const spansDays = new Date(fromMillis).toDateString() !== new Date(toMillis).toDateString();
  const withSeconds = toMillis - fromMillis < 300_000;
  return dates.map((date) => {
    const midnight = date.getHours() === 0 && date.getMinutes() === 0 && date.getSeconds() === 0;
    const label =
      spansDays && midnight
        ? `${two(date.getMonth() + 1)}-${two(date.getDate())}`
        : `${two(date.getHours())}:${two(date.getMinutes())}${withSeconds ? `:${two(date.getSeconds())}` : ""}`;
    return { millis: date.getTime(), label };
  });
}

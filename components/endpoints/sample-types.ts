/** What can be counted per endpoint, in the names of the HTTP interface. */
export interface SampleType {
  readonly value: string;
  /** In the picker and in headings. */
  readonly label: string;
  readonly hint: string;
  /**
   * What a step of the series means: `time` divided by the step is cores, a `flow` is an amount a second,
   * a `level` is what is at that time. What counts from the start of its process is a level too, whatever stands here.
   */
  readonly kind: "time" | "flow" | "level";
}

export const CPU: SampleType = { value: "cpu", label: "CPU", hint: "Time on a processor", kind: "time" };

export const SAMPLE_TYPES: readonly SampleType[] = [
  CPU,
  { value: "wall", label: "Wall time", hint: "On a processor or waiting", kind: "time" },
  { value: "alloc_space", label: "Allocated", hint: "Bytes, freed or not", kind: "flow" },
  { value: "alloc_objects", label: "Allocations", hint: "Objects, freed or not", kind: "flow" },
  { value: "inuse_space", label: "Memory in use", hint: "Bytes alive at one moment", kind: "level" },
  {
    value: "inuse_objects",
    label: "Objects in use",
    hint: "Objects alive at one moment",
    kind: "level",
  },
  { value: "goroutine", label: "Goroutines", hint: "Those there are at one moment", kind: "level" },
  { value: "mutex", label: "Mutex wait", hint: "Time others waited for a lock", kind: "time" },
  { value: "block", label: "Blocked", hint: "Time on channels and locks", kind: "time" },
];

/** @returns the type of that name; a profile's own type is shown under its own name */
export function findSampleType(value: string): SampleType {
  return (
    SAMPLE_TYPES.find((type) => type.value === value) ?? {
      value,
      label: value,
      hint: "A profile’s own type",
      kind: "flow",
    }
  );
}

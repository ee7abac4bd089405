/** Whose a profile is, as its sender says: a service and labels, of a length that every row can carry. */
import { invalidInput } from "@/lib/errors";

const MAX_SERVICE_LENGTH = 256;
const MAX_LABELS = 32;
const MAX_LABEL_LENGTH = 1_024;

/** What OpenTelemetry calls a service that does not say its name. */
export const UNKNOWN_SERVICE = "unknown_service";

/**
 * @param parameter how the sender calls it
 * @throws HotspanError `invalid-input`
 */
export function checkService(service: string, parameter: string): string {
  if (service.length > MAX_SERVICE_LENGTH) {
    throw invalidInput(`The ${parameter} is longer than ${MAX_SERVICE_LENGTH} characters.`);
  }
  return service;
}

/** @throws HotspanError `invalid-input` naming the label */
export function checkLabels<T extends ReadonlyMap<string, string>>(labels: T): T {
  if (labels.size > MAX_LABELS)
    throw invalidInput(`There are ${labels.size} labels; the limit is ${MAX_LABELS}.`);
  for (const [key, value] of labels) {
    if (key === "" || key.length + value.length > MAX_LABEL_LENGTH) {
      throw invalidInput(
        `"${key.slice(0, 60)}" is no usable label: a key and a value of together at most ${MAX_LABEL_LENGTH} characters.`,
      );
    }
  }
  return labels;
}

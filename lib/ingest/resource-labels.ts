/** What attributes of OpenTelemetry say of a profile's samples. */
import type { Attributes } from "@/lib/trace/span";

/** Worth telling processes, versions and places apart by; the others describe the machine and the SDK. */
const KEPT =
  /^(?:service\.(?:version|namespace|instance\.id)|deployment\.environment(?:\.name)?|host\.name|process\.(?:pid|executable\.name)|container\.(?:id|name)|k8s\.[a-z]+\.name)$/;
const MAX_LENGTH = 256;
const LIST_OF_ONE = /^\["(?:[^"\\]|\\.)*"\]$/;

export function labelsOfResource(resource: Attributes): [key: string, value: string][] {
  return [...resource].filter(([key, value]) => value !== "" && value.length <= MAX_LENGTH && KEPT.test(key));
}

/** An eBPF profiler sees processes that nobody gave a service's name. */
export function serviceOfProcess(resource: Attributes): string {
  return (resource.get("service.name") || resource.get("process.executable.name") || "unknown_service").slice(
    0,
    MAX_LENGTH,
  );
}

/** A label of pprof arrives from the Collector as a list of one text. */
export function labelText(value: string): string {
  if (!LIST_OF_ONE.test(value)) return value;
  try {
    return String(JSON.parse(value.slice(1, -1)));
  } catch {
    return value; // a text that only looks like a list
  }
}

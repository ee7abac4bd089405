/** What a profile's resource says of all its samples. */
import type { Attributes } from "@/lib/trace/span";

/** Worth telling processes, versions and places apart by; the others describe the machine and the SDK. */
const KEPT =
  /^(?:service\.(?:version|namespace|instance\.id)|deployment\.environment(?:\.name)?|host\.name|process\.(?:pid|executable\.name)|container\.(?:id|name)|k8s\.[a-z]+\.name)$/;
const MAX_LENGTH = 256;

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

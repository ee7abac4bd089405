/** Labels and resource attributes that tell one process of a service from another, the most telling first. */
const INSTANCE_KEYS = [
  "service.instance.id",
  "service_instance_id",
  "instance",
  "k8s.pod.name",
  "k8s_pod_name",
  "pod",
  "hostname",
  "host.name",
  "host",
] as const;

/**
 * @param labels of the whole profile, or the attributes of its resource
 * @returns the process they name, "" when they name none
 */
export function instanceFromLabels(labels: ReadonlyMap<string, string>): string {
  for (const key of INSTANCE_KEYS) {
    const value = labels.get(key) ?? "";
    if (value !== "") return value;
  }
  return "";
}

import type { Profile } from "@/lib/profile/profile";

/**
 * A profile as folded stacks, one line a stack, root first: `main;handle;parse 1200`. Frames are function names, with
 * `:line` when asked for. Equal lines are added up; lines are sorted, so that two equal profiles are equal texts.
 *
 * @param type index into the profile's sample types
 */
export function formatFolded(
  profile: Profile,
  type: number,
  options: { readonly lines?: boolean } = {},
): string {
  const { functions, samples, stacks } = profile;
  const stride = profile.sampleTypes.length;
  const sums = new Map<string, bigint>();
  const texts = new Map<number, string>();
  for (let sample = 0; sample < samples.length; sample++) {
    const value = samples.values[sample * stride + type] ?? 0n;
    if (value === 0n) continue;
    const stack = samples.stacks[sample] ?? 0;
    let text = texts.get(stack);
    if (text === undefined) {
      const frames: string[] = [];
      for (let frame = stacks.offsets[stack] ?? 0; frame < (stacks.offsets[stack + 1] ?? 0); frame++) {
        // A ";" in a name would be read as two frames.
        const name = (functions.names[stacks.functions[frame] ?? 0] ?? "").replaceAll(";", ":");
        frames.push(options.lines === true ? `${name}:${stacks.lines[frame]}` : name);
      }
      text = frames.join(";");
      texts.set(stack, text);
    }
    sums.set(text, (sums.get(text) ?? 0n) + value);
  }
  return [...sums]
    .map(([text, value]) => `${text} ${value}`)
    .sort()
    .join("\n");
}

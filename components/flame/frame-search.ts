/**
 * The search of the HTTP interface (`q`): a function matches when its name holds the text, in any case.
 *
 * @returns null when there is nothing to search for
 */
export function buildMatcher(query: string): ((frame: { readonly name: string }) => boolean) | null {
  const text = query.trim().toLowerCase();
  return text === "" ? null : (frame) => frame.name.toLowerCase().includes(text);
}

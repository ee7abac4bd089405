/** Words that some put into a service's name and others do not. */
const DECORATION =
  /^(?:svc|service|server|srv|app|api|prod|production|staging|dev|test|main|go|node|js|backend)$/;
const SEPARATORS = /[^\p{L}\p{N}]+/u;

/**
 * @returns whether two different names may be meant for one service: `product-svc` and `product`, `Checkout` and
 *   `checkout_service`, `recomendation` and `recommendation`. Names that differ in a number are two services.
 */
export function areNearNames(left: string, right: string): boolean {
  if (left === right) return false;
  const [a, b] = [bareName(left), bareName(right)];
  if (a === "" || b === "") return false;
  if (a === b) return true;
  if (digitsOf(a) !== digitsOf(b)) return false;
  const shorter = Math.min(a.length, b.length);
  return shorter >= 6 && editDistance(a, b) <= (shorter >= 10 ? 2 : 1);
}

function bareName(name: string): string {
  const words = name
    .replace(/([a-z0-9])([A-Z])/g, "$1 $2")
    .toLowerCase()
    .split(SEPARATORS)
    .filter((word) => word !== "");
  const bare = words.filter((word) => !DECORATION.test(word)).join("");
  return bare === "" ? words.join("") : bare;
}

function digitsOf(text: string): string {
  return text.replace(/\D+/g, " ").trim();
}

/** Levenshtein's, in two rows. Names are short: senders' names end at 256 characters. */
function editDistance(a: string, b: string): number {
  let above = Array.from({ length: b.length + 1 }, (_, column) => column);
  for (let row = 1; row <= a.length; row++) {
    const current = [row];
    for (let column = 1; column <= b.length; column++) {
      const replaced = (above[column - 1] ?? 0) + (a[row - 1] === b[column - 1] ? 0 : 1);
      current.push(Math.min(replaced, (above[column] ?? 0) + 1, (current[column - 1] ?? 0) + 1));
    }
    above = current;
  }
  return above[b.length] ?? 0;
}

/** Values of OpenTelemetry's `telemetry.sdk.language`. */
export type Language = "go" | "nodejs" | "python" | "ruby" | "java" | "rust" | "cpp" | "dotnet" | "php" | "";

const LANGUAGE_OF_FILE: readonly (readonly [RegExp, Language])[] = [
  [/\.go$/, "go"],
  [/^node:|\.[cm]?[jt]sx?$/, "nodejs"],
  [/\.py$/, "python"],
  [/\.rb$/, "ruby"],
  [/\.(?:java|kt|scala)$/, "java"],
  [/\.rs$/, "rust"],
  [/\.(?:c|cc|cpp|cxx|h|hpp)$/, "cpp"],
  [/\.(?:cs|fs)$/, "dotnet"],
  [/\.php$/, "php"],
];
/** As many files tell as much as all would. */
const FILES_ASKED = 500;

/** The language most of a profile's functions are written in, by their files; "" when none tells. */
export function guessLanguage(files: readonly string[]): Language {
  const votes = new Map<Language, number>();
  for (const file of files.slice(0, FILES_ASKED)) {
    const language = LANGUAGE_OF_FILE.find(([pattern]) => pattern.test(file))?.[1];
    if (language !== undefined) votes.set(language, (votes.get(language) ?? 0) + 1);
  }
  let winner: Language = "";
  let most = 0;
  for (const [language, count] of votes) {
    if (count > most) [winner, most] = [language, count];
  }
  return winner;
}

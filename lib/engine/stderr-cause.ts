/** The engine tells the reason of a failed start on stderr alone, in its own words; the user gets one sentence. */
const causes: readonly (readonly [RegExp, (dataDir: string) => string])[] = [
  [
    /Another server instance in same directory|Cannot lock file/,
    (dir) => `The store in ${dir} is already in use by another Hotspan.`,
  ],
  [
    /Suspiciously many|Cannot attach table|TOO_MANY_UNEXPECTED_DATA_PARTS|broken parts/,
    (dir) => `The store in ${dir} has damaged parts and was not opened, so that nothing in it is lost.`,
  ],
  [/NOT_ENOUGH_SPACE|ENOSPC|No space left/, (dir) => `The disk that holds ${dir} is full.`],
  [
    /EACCES|EROFS|ENOTDIR|EEXIST|Permission denied|Read-only file system/,
    (dir) => `The folder ${dir} is not writable. Set HOTSPAN_DATA to one that is.`,
  ],
  [
    /libchdb\.so|libchdb\.dylib|Cannot find (?:package|module) '(?:chdb|@chdb)|ERR_MODULE_NOT_FOUND/,
    () =>
      "The embedded store's library (chdb) is not installed for this platform: run npm install, or set CLICKHOUSE_URL.",
  ],
  [/EADDRINUSE/, () => "The port of the embedded store is taken by another program."],
];

/**
 * @param stderr what the engine wrote before it ended
 * @param ending how it ended, for a cause that is not known
 */
export function findCause(stderr: string, dataDir: string, ending: string): string {
  const known = causes.find(([pattern]) => pattern.test(stderr));
  if (known !== undefined) return known[1](dataDir);
  const lines = stderr.split("\n").filter((line) => /exception|error/i.test(line));
  const detail = lines[0] === undefined ? "" : `: ${lines[0].trim().slice(0, 300)}`;
  return `The embedded store did not start (${ending})${detail}`;
}

/** As in package.json, which bundles do not carry with them; a test keeps the two equal. */
export const VERSION = "0.1.0";

/**
 * A page as one file: opened from disk, it loads nothing and makes no requests. Everything that it shows is embedded as
 * data, which its script sets as text; its content security policy allows only that script.
 */
import { html, shortened } from "../escape.ts";
import { script, scriptHash, style, styleHash } from "./assets.ts";
import type { PageData } from "./data.ts";

/** Characters that must be escaped in a script element: the start of a tag or a comment, and line ends of old parsers. */
const unsafe = /[<>&\u2028\u2029]/g;

const asData = (data: PageData): string =>
  JSON.stringify(data).replace(unsafe, (found) => `\\u${found.charCodeAt(0).toString(16).padStart(4, "0")}`);

/** The script that a server adds to a page, which can send requests to that server. */
export interface Addition {
  readonly script: string;
  /** The script's source in a content security policy: `sha256-…`. */
  readonly hash: string;
}

/** The page's content security policy: it can run its own script, and nothing else. */
export const policyOf = (addition?: Addition): string =>
  [
    "default-src 'none'",
    `script-src '${scriptHash}'${addition === undefined ? "" : ` '${addition.hash}'`}`,
    `style-src '${styleHash}'`,
    "img-src data:",
    ...(addition === undefined ? [] : ["connect-src 'self'"]),
    "base-uri 'none'",
    "form-action 'none'",
  ].join("; ");

/** The page as HTML. */
export const pageOf = (data: PageData, addition?: Addition): string => {
  const title = html(shortened(data.title, 200));
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policyOf(addition)}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="generator" content="espalier">
<link rel="icon" href="data:,">
<title>${title}</title>
<style>${style}</style>
</head>
<body>
<header><h1>${title}</h1></header>
<noscript>This page draws with its own script, which the browser does not run.</noscript>
<script type="application/json">${asData(data)}</script>
<script>${script}</script>
${addition === undefined ? "" : `<script>${addition.script}</script>\n`}</body>
</html>
`;
};

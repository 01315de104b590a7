/**
 * A page as one file: opened from disk it needs nothing else and asks nobody. All that it shows stands in it as data,
 * which its script sets as text; its content security policy lets nothing run but that script.
 */
import { html, shortened } from "../escape.ts";
import { script, scriptHash, style, styleHash } from "./assets.ts";
import type { PageData } from "./data.ts";

/** What may not stand in a script element: the start of a tag or a comment, and what old parsers take as line ends. */
const unsafe = /[<>&\u2028\u2029]/g;

const asData = (data: PageData): string =>
  JSON.stringify(data).replace(unsafe, (found) => `\\u${found.charCodeAt(0).toString(16).padStart(4, "0")}`);

const policy = [
  "default-src 'none'",
  `script-src '${scriptHash}'`,
  `style-src '${styleHash}'`,
  "img-src data:",
  "base-uri 'none'",
  "form-action 'none'",
].join("; ");

/** The page as HTML. */
export const pageOf = (data: PageData): string => {
  const title = html(shortened(data.title, 200));
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
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
</body>
</html>
`;
};

/** The page of a server, as HTML. It contains its script and style, and its policy allows nothing else. */
import { html } from "../../draw/escape.ts";
import type { Page } from "../http-server.ts";
import { appScript, appScriptHash, appStyle, appStyleHash } from "./assets.ts";

const policy = [
  "default-src 'none'",
  `script-src '${appScriptHash}'`,
  `style-src '${appStyleHash}'`,
  "img-src data:",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join("; ");

/** `token`: authorises requests that change something; without it, the page asks the reader for one. */
export const appPage = (token: string | undefined): Page => ({
  policy,
  html: `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="generator" content="espalier">
${token === undefined ? "" : `<meta name="espalier-token" content="${html(token)}">\n`}<link rel="icon" href="data:,">
<title>Espalier</title>
<style>${appStyle}</style>
</head>
<body>
<noscript>This page draws with its own script, which the browser does not run.</noscript>
<script>${appScript}</script>
</body>
</html>
`,
});

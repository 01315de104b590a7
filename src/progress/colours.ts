/** Lines with colours, as escape sequences for terminals. */
import type { Line, Role } from "./frame.ts";
import { asText } from "./frame.ts";

const codes: Readonly<Record<Role, string>> = {
  plain: "",
  faint: "2",
  good: "32",
  bad: "31",
  busy: "36",
  strong: "1",
};

const coloured = (line: Line): string =>
  line
    .map(({ role, text }) =>
      role === "plain" || text === "" ? text : `\u001b[${codes[role]}m${text}\u001b[0m`,
    )
    .join("");

export const written = (line: Line, hasColours: boolean): string =>
  hasColours ? coloured(line) : asText(line);

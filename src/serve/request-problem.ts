/**
 * Why a request does not fit the API, in one sentence. Input: the first issue that the schema of its query or body
 * found. Output: the problem, with the value received and the accepted form.
 */
import * as SchemaIssue from "effect/SchemaIssue";
import { unknownStatus } from "../run/unknown-status.ts";
import { listed } from "../values/listed.ts";
import { didYouMean } from "../values/nearest.ts";

export type RequestPart = "Params" | "Headers" | "Query" | "Payload";

const parts: Readonly<Record<RequestPart, string>> = {
  Params: "path",
  Headers: "headers",
  Query: "query",
  Payload: "body",
};

/** The accepted form of each field of a query or a body. */
export const expected: Readonly<Record<string, string>> = {
  after: "the `next` of an earlier page",
  from: "a string: the path of a step",
  inputs: "an object: the inputs by their names",
  limit: "a whole number from 1 to 10,000",
  only: "an array of strings: the names of outputs",
  path: "a string: the path of a step",
  paused: "true or false",
  pipeline: "a string: the name of a pipeline",
  retryFailed: "true or false",
  runId: "a string",
  search: "a string",
  since: "a string: the version of a view",
  wait: '"true"',
};

/** The innermost issue, and where it is. */
const innermost = (
  issue: SchemaIssue.Issue,
): { readonly at: ReadonlyArray<PropertyKey>; readonly issue: SchemaIssue.Issue } => {
  switch (issue._tag) {
    case "Pointer": {
      const inner = innermost(issue.issue);
      return { at: [...issue.path, ...inner.at], issue: inner.issue };
    }
    case "Filter":
    case "Encoding":
      return innermost(issue.issue);
    case "Composite":
      return innermost(issue.issues[0]);
    case "AnyOf":
      return issue.issues.length === 0 ? { at: [], issue } : innermost(issue.issues[0]!);
    default:
      return { at: [], issue };
  }
};

const namesOf = (ast: object): ReadonlyArray<string> =>
  (
    (ast as { readonly propertySignatures?: ReadonlyArray<{ readonly name: PropertyKey }> })
      .propertySignatures ?? []
  ).map(({ name }) => String(name));

const mostReceived = 100;

/** If a query repeats a name, its values are an array. */
const receivedOf = (issue: SchemaIssue.Issue): string => {
  if (!("input" in issue)) return "";
  const text = JSON.stringify(issue.input) ?? String(issue.input);
  return `; got ${text.length > mostReceived ? `${text.slice(0, mostReceived)}…` : text}`;
};

export const requestProblem = (part: RequestPart, whole: SchemaIssue.Issue): string => {
  const where = parts[part];
  const { at, issue } = innermost(whole);
  const [field, ...rest] = at.map(String);
  if (field === undefined) {
    const isText = "input" in issue && typeof issue.input === "string";
    if (part !== "Payload") return `The ${where} of the request cannot be read.`;
    return isText || issue._tag === "InvalidValue"
      ? "The body of the request must be JSON."
      : `The body of the request must be a JSON object${receivedOf(issue)}.`;
  }
  if (issue._tag === "UnexpectedKey") {
    const names = namesOf(issue.ast);
    const known = names.length === 0 ? "it takes none" : `it takes ${listed(names)}`;
    return `The ${where} of the request has no field "${field}"; ${known}.${didYouMean(field, names)}`;
  }
  const wanted = expected[field];
  if (issue._tag === "MissingKey" && rest.length === 0)
    return `The ${where} of the request lacks "${field}"${wanted === undefined ? "" : `, which must be ${wanted}`}.`;
  if (field === "status" && "input" in issue && typeof issue.input === "string")
    return unknownStatus(issue.input);
  if (wanted !== undefined) return `${[field, ...rest].join(".")} must be ${wanted}${receivedOf(issue)}.`;
  const said = SchemaIssue.makeFormatterStandardSchemaV1()(whole).issues[0]?.message ?? "it cannot be read";
  return `The ${where} of the request does not fit at ${at.map(String).join(".")}: ${said}`;
};

/**
 * The OpenAPI document of the API, completed: what is true of all routes, and known to the HTTP server and not to the
 * definition of the API. Input and output: the document as plain data.
 */

type Json = Readonly<Record<string, unknown>>;

interface Operation extends Json {
  readonly responses: Json;
}

interface Document extends Json {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly components: Json;
}

const Problem = {
  type: "object",
  description: "A failure as problem details (RFC 9457). The header X-Request-Id names the request.",
  properties: {
    type: { type: "string" },
    title: { type: "string" },
    status: { type: "integer" },
    detail: { type: "string", description: "What is wrong, in one sentence." },
    requestId: { type: "string" },
  },
  required: ["type", "title", "status", "detail"],
};

const other = (description: string): Json => ({
  description,
  content: { "application/problem+json": { schema: { $ref: "#/components/schemas/Problem" } } },
});

const token = { token: [] };

/** The server keeps views as JSON text, which the definition of the API therefore describes as text. */
const view = { description: "Success", content: { "application/json": { schema: { type: "object" } } } };

/** A request that changes something needs the token; reading needs it if the server listens to other machines. */
const completed = (path: string, method: string, { responses, ...operation }: Operation): Json => ({
  ...operation,
  security: method === "get" ? [{}, token] : [token],
  responses: {
    ...responses,
    ...(path.endsWith("/view") ? { 200: view } : {}),
    401: other("The request needs the token of the server."),
    403: other("The request comes from another site, or was sent to another name."),
    ...(method === "get" ? {} : { 413: other("The body is too large.") }),
    default: other("Any other problem."),
  },
});

export const completeDescription = (document: Json): Json => {
  const { paths, components, ...rest } = document as Document;
  return {
    ...rest,
    components: {
      ...components,
      schemas: { ...(components["schemas"] as Json), Problem },
      securitySchemes: {
        token: { type: "http", scheme: "bearer", description: "The token that the server printed." },
      },
    },
    paths: Object.fromEntries(
      Object.entries(paths).map(([path, operations]) => [
        path,
        Object.fromEntries(
          Object.entries(operations).map(([method, operation]) => [
            method,
            completed(path, method, operation),
          ]),
        ),
      ]),
    ),
  };
};

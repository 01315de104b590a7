/** Which service an error says is missing. Effect has no error class for that: its message says so. */
const missing = /^Service not found: ([^\n]+)$/;

const causeOf = (error: unknown): unknown =>
  typeof error === "object" && error !== null && "cause" in error ? error.cause : undefined;

/** Returns the key of the service; undefined for any other error. */
export const missingService = (error: unknown): string | undefined => {
  for (let at = error, depth = 0; at !== undefined && depth < 8; at = causeOf(at), depth++) {
    const key = at instanceof Error ? missing.exec(at.message)?.[1] : undefined;
    if (key !== undefined) return key;
  }
  return undefined;
};

/** A file with a pipeline, and the layer that it exports. */
interface File {
  readonly file: string;
  readonly layer?: unknown;
}

/** Returns a sentence on how to fix a missing service; undefined for any other error. */
export const serviceHint = (error: unknown, { file, layer }: File): string | undefined => {
  const key = missingService(error);
  if (key === undefined) return undefined;
  const lacks = layer === undefined ? "exports no layer" : "exports a layer that does not provide it";
  return `The pipeline needs the service "${key}", and ${file} ${lacks}. Add to ${file}: export const layer = Layer.succeed(TheService, …), where TheService is the one with the key "${key}".`;
};

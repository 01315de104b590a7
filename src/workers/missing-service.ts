/** Which service an error says is missing. Effect has no error class for that: its message says so. */
const missing = /^Service not found: ([^\n]+)$/;

const causeOf = (error: unknown): unknown =>
  typeof error === "object" && error !== null && "cause" in error ? error.cause : undefined;

/** The key of the service; undefined for any other error. */
export const missingService = (error: unknown): string | undefined => {
  for (let at = error, depth = 0; at !== undefined && depth < 8; at = causeOf(at), depth++) {
    const key = at instanceof Error ? missing.exec(at.message)?.[1] : undefined;
    if (key !== undefined) return key;
  }
  return undefined;
};

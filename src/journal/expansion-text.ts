/**
 * The record of an expansion: the shape of the graph, and everything else that must not change for a resumed run: the error
 * that a fallback received, and the inputs of the graph that a schema generated, looked up or transformed.
 */
import { readError, writeError } from "./failure-text.ts";

/** The data that is recorded with the shape. */
export interface Beside {
  readonly failure?: { readonly error: unknown } | undefined;
  /** The texts of decoded inputs by name. */
  readonly decoded?: Readonly<Record<string, string>> | undefined;
}

interface Recorded {
  readonly failure?: string;
  readonly decoded?: Readonly<Record<string, string>>;
}

const isExtended = (recorded: string): boolean => /"(?:failure|decoded)":/.test(recorded);

export const writeExpansion = (shape: string, { failure, decoded }: Beside): string =>
  failure === undefined && decoded === undefined
    ? shape
    : JSON.stringify({
        ...(JSON.parse(shape) as object),
        ...(failure === undefined ? {} : { failure: writeError(failure.error) }),
        ...(decoded === undefined ? {} : { decoded }),
      });

/** The shape alone. */
export const shapeIn = (recorded: string | undefined): string | undefined => {
  if (recorded === undefined || !isExtended(recorded)) return recorded;
  const { failure: _, decoded: _1, ...shape } = JSON.parse(recorded) as Recorded;
  return JSON.stringify(shape);
};

export const failureIn = (recorded: string): { readonly error: unknown } | undefined => {
  if (!isExtended(recorded)) return undefined;
  const { failure } = JSON.parse(recorded) as Recorded;
  return failure === undefined ? undefined : { error: readError(failure) };
};

export const decodedIn = (recorded: string | undefined): Readonly<Record<string, string>> => {
  if (recorded === undefined || !isExtended(recorded)) return {};
  return (JSON.parse(recorded) as Recorded).decoded ?? {};
};

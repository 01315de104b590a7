/** The type that replaces a type that could not be determined. */

/**
 * The type of an input whose name was refused: it can be called, iterated, destructured and calculated with, and callbacks passed
 * to it have typed parameters, so that using it causes no second error.
 */
export type Anything = number & AnythingElse;

declare const unknown: unique symbol;

/** A part of `Anything` by which it is found: the compiler compares it faster than the whole. */
export interface Unknown {
  readonly [unknown]: true;
}

/**
 * It has the methods of strings and maps: through an index signature alone, the parameters of callbacks would be unknown. Those that
 * take no function and have the name of a common field are anything, since `order.at + 1` is right.
 */
interface AnythingElse
  extends Unknown,
    Array<any>,
    Omit<typeof String.prototype, keyof Array<any> | "valueOf" | FieldNames>,
    Pick<ReadonlyMap<any, any>, "get" | "has">,
    Record<FieldNames, any> {
  (...parameters: ReadonlyArray<any>): any;
  readonly at: any;
  // Those of an array would give numbers, and those of a map anything.
  readonly keys: Anything;
  readonly values: Anything;
  readonly entries: Anything;
  readonly [Key: string]: any;
}

/** The methods of strings that write HTML, and others that are rather fields of a record. */
type FieldNames =
  | "anchor"
  | "big"
  | "blink"
  | "bold"
  | "fixed"
  | "fontcolor"
  | "fontsize"
  | "italics"
  | "link"
  | "normalize"
  | "repeat"
  | "search"
  | "size"
  | "small"
  | "strike"
  | "sub"
  | "sup";

/**
 * The required return type of a function. If an option is wrong, the compiler compares the function with its assumed type
 * before it has checked the function: this comparison must succeed, or the error would be reported there.
 */
export type Free<Returned> = Returned | ([Returned] extends [Anything] ? unknown : never);

/**
 * The type of an input whose name is like no other: `any`, which can be passed on and spread. But `any` would leave the parameters
 * of callbacks without a type, and those are passed to the methods of lists: so a name that reads as a list has the methods.
 */
export type Unlike<Read extends string> =
  Lowercase<Read> extends `${string}${"ss" | "us" | "is"}`
    ? any
    : Lowercase<Read> extends `${string}${ManyWords}`
      ? Anything
      : any;

type ManyWords = "s" | "data" | "list" | "batch" | "queue" | "people" | "children" | "history" | "all";

/**
 * The type of an output of a step that was refused, for the steps that read it. A name that reads as that of a text or a choice is
 * rather passed on and compared than mapped over.
 */
export type LikelyOutput<Name extends string> =
  Lowercase<Name> extends `${string}${ScalarWords}` ? any : Anything;

type ScalarWords =
  | "url"
  | "uri"
  | "path"
  | "file"
  | "name"
  | "key"
  | "id"
  | "kind"
  | "type"
  | "status"
  | "mode"
  | "level"
  | "label"
  | "title"
  | "html"
  | "body"
  | "json"
  | "message"
  | "prompt"
  | "answer"
  | "token"
  | "hash";

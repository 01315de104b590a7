/** Names that resemble a misspelt one: those to suggest, and the one whose type its function gets. */

/** The names that are one edit away from another, or start with it. */
export type NearName<Names, Read extends string> = Names extends string
  ? IsNear<Names, Read> extends true
    ? Names
    : never
  : never;

/**
 * The name that was probably meant: a near one, else one that is near when case and underscores are ignored, else one that contains
 * the other, else one that this one abbreviates.
 */
export type MeantName<Names, Read extends string> = [Nearest<Names, Read>] extends [never]
  ? [Alike<Names, Simplified<Read>>] extends [never]
    ? [Containing<Names, Simplified<Read>>] extends [never]
      ? Abbreviated<Names, Simplified<Read>>
      : Containing<Names, Simplified<Read>>
    : Alike<Names, Simplified<Read>>
  : Nearest<Names, Read>;

/** The near names that do more than start alike. */
type Nearest<Names, Read extends string> = [Differing<Names, Read>] extends [never]
  ? NearName<Names, Read>
  : Differing<Names, Read>;

type Differing<Names, Read extends string> = Names extends string
  ? Differ<Names, Read> extends true
    ? Names
    : never
  : never;

type Simplified<Name extends string> = Name extends `${infer First}_${infer Rest}`
  ? Simplified<`${First}${Rest}`>
  : Lowercase<Name>;

type Alike<Names, Read extends string> = Names extends string
  ? Simplified<Names> extends Read
    ? Names
    : Differ<Simplified<Names>, Read> extends true
      ? Names
      : never
  : never;

type Containing<Names, Read extends string> = Names extends string
  ? Simplified<Names> extends `${string}${Read}${string}`
    ? Names
    : Read extends `${string}${Simplified<Names>}${string}`
      ? Names
      : never
  : never;

type Abbreviated<
  Names,
  Read extends string,
> = Read extends `${infer First}${infer _Second}${infer _Third}${string}`
  ? Names extends string
    ? Simplified<Names> extends `${First}${string}`
      ? HasLetters<Simplified<Names>, Read> extends true
        ? Names
        : never
      : never
    : never
  : never;

/** Whether a name has these letters in this order, with others between them. */
type HasLetters<Name extends string, Letters extends string> = Letters extends `${infer First}${infer Rest}`
  ? Name extends `${infer _Skipped}${First}${infer After}`
    ? HasLetters<After, Rest>
    : false
  : true;

type IsNear<A extends string, B extends string> = A extends `${B}${string}`
  ? true
  : B extends `${A}${string}`
    ? true
    : Differ<A, B>;

/** Skips the common prefix; then one letter may differ, be extra or be missing, or two may be swapped. */
type Differ<A extends string, B extends string> = A extends `${infer X}${infer RestA}`
  ? B extends `${infer Y}${infer RestB}`
    ? X extends Y
      ? Differ<RestA, RestB>
      : RestA extends RestB
        ? true
        : RestA extends B
          ? true
          : A extends RestB
            ? true
            : RestA extends `${Y}${infer TailA}`
              ? RestB extends `${X}${TailA}`
                ? true
                : false
              : false
    : false
  : false;

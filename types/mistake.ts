/** How the compiler says a sentence. */

declare const sentence: unique symbol;

/**
 * A mistake in a pipeline. It stands where a value cannot be right, so that the compiler prints the sentence. An object
 * and not a string: `"name" & "sentence"` would collapse to `never`, and the error would say only that.
 *
 * @public
 */
export interface Mistake<Sentence extends string> {
  readonly [sentence]: Sentence;
}

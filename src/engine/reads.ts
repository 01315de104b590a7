/**
 * The empty records that inputs and outputs are written into, by name. They have no prototype.
 *
 * Not `{}`: V8 keeps one list of all names that were ever the first property of a `{}`, and looks each name up in it.
 * With a thousand steps that read a thousand names, one input took 0.1 µs, beyond 1,536 names 0.4 µs, and each name that
 * is new 1 to 2 µs. A record without a prototype is a hash table from the start: 0.04 µs, however many names there are.
 */
type Named = Record<string, unknown>;

export const emptyRecord = (): Named => ({ __proto__: null });

export const emptyInputs = (names: number): Named => (names === 0 ? {} : emptyRecord());

/** A family is often passed on as it is, so a small one is an ordinary object, as users expect when they inspect it. */
const smallFamily = 64;

export const emptyFamily = (names: number): Named => (names < smallFamily ? {} : emptyRecord());

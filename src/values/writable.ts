/** An object whose fields can be assigned while it is made. */
export type Writable<Type> = { -readonly [Key in keyof Type]: Type[Key] };

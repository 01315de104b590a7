/** The seam to a durable store. */

/**
 * Where a run is recorded. Made by an entry point of its own, such as `espalier/sqlite`; opaque to users.
 *
 * @public
 */
export interface Store {
  readonly "~espalier/Store": true;
}

/** The tile pyramid: deep where the data is, and nothing of the map is lost on the way down. */
import { expect, test } from "vitest";
import { world } from "../../docs/examples/tiles/pipeline.ts";

test("a tile is split while it has too many points and levels remain; every country is on every level", async () => {
  const limits = { points: 8_000, zoom: 4 };
  const { tiles, levels } = await world.runPromise({ limits });
  const at = new Map(tiles.map((tile) => [`${tile.z}/${tile.x}/${tile.y}`, tile]));
  expect(at.size).toBe(tiles.length);
  for (const { z, x, y, points } of tiles) {
    const isCut = points > limits.points && z < limits.zoom;
    expect(at.has(`${z + 1}/${2 * x}/${2 * y}`), `${z}/${x}/${y} has ${points} points`).toBe(isCut);
    expect(z === 0 || at.has(`${z - 1}/${x >> 1}/${y >> 1}`)).toBe(true);
  }
  expect(levels.map(({ zoom }) => zoom)).toEqual([0, 1, 2, 3, 4]);
  const countriesOn = (zoom: number) =>
    new Set(tiles.filter(({ z }) => z === zoom).flatMap(({ countries }) => countries));
  // The whole world is split at least once, so the first two levels have the same countries.
  expect(countriesOn(1)).toEqual(countriesOn(0));
  expect(levels.at(-1)!.fullest.countries.length).toBeGreaterThan(1);
});

/**
 * A tile pyramid of the world: a map is cut into square tiles, and a tile with too many points is cut into four, whose
 * tiles may be cut again. Where the pyramid is deep depends on the coastlines: it cannot be written down beforehand.
 */
import { createRequire } from "node:module";
import type { Pipeline } from "espalier";
import { pipeline, type } from "espalier";
import type { FeatureCollection } from "geojson";
import type { TileCoord } from "geojson-vt";
import GeoJSONVT from "geojson-vt";
import { feature } from "topojson-client";
import type { GeometryCollection, Topology } from "topojson-specification";

/** When to stop cutting: at so few points in a tile, or at that zoom level. */
export interface Limits {
  readonly points: number;
  readonly zoom: number;
}

/** A tile that was cut: where it is, how much is in it, and which countries. */
export interface Tile extends TileCoord {
  readonly points: number;
  readonly countries: ReadonlyArray<string>;
}

/** The countries of the world as polygons, from Natural Earth at a scale of 1:50 million. */
const readCountries = (): FeatureCollection => {
  const topology = createRequire(import.meta.url)("world-atlas/countries-50m.json") as Topology<{
    countries: GeometryCollection<{ name: string }>;
  }>;
  return feature(topology, topology.objects.countries);
};

const cut = (index: GeoJSONVT, at: TileCoord): Tile => {
  const features = index.getTile(at.z, at.x, at.y)?.features ?? [];
  const points = features.map(({ geometry }) => geometry.flat().length);
  return {
    ...at,
    points: points.reduce((sum, count) => sum + count, 0),
    countries: features.map(({ tags }) => String(tags?.["name"])).toSorted(),
  };
};

const quarters = ({ z, x, y }: TileCoord): ReadonlyArray<TileCoord> =>
  [0, 1].flatMap((down) => [0, 1].map((right) => ({ z: z + 1, x: 2 * x + right, y: 2 * y + down })));

const nameOf = ({ z, x, y }: TileCoord): string => `${z}-${x}-${y}`;

/** A tile and all below it. It contains itself, so its type has to be written. */
const tileAt = (
  index: GeoJSONVT,
  at: TileCoord,
  limits: Limits,
): Pipeline<{}, { tile: Tile; tiles: Array<Tile> }, never, never> =>
  pipeline(`tile-${nameOf(at)}`)
    .step("tile", [], () => cut(index, at))
    .dynamic("tiles", ["tile"], ({ tile }) => {
      if (tile.points <= limits.points || at.z === limits.zoom) return [tile];
      return pipeline("quarters")
        .step("corners", [], () => quarters(at))
        .map(
          "parts",
          "corners",
          [],
          (corner) =>
            tileAt(index, corner, limits)
              .step("parts", ["tiles"], ({ tiles }) => tiles)
              .returns("parts"),
          { key: nameOf },
        )
        .step("tiles", ["parts"], ({ parts }) => [tile, ...parts.flat()]);
    });

export const world = pipeline("world")
  .input("limits", type<Limits>())
  .step("countries", [], readCountries)
  .step(
    "index",
    ["countries", "limits"],
    ({ countries, limits }) =>
      new GeoJSONVT(countries, { maxZoom: limits.zoom, indexMaxZoom: 0, tolerance: 0 }),
  )
  .dynamic("tiles", ["index", "limits"], ({ index, limits }) =>
    tileAt(index, { z: 0, x: 0, y: 0 }, limits).returns("tiles"),
  )
  .step("levels", ["tiles"], ({ tiles }) =>
    Map.groupBy(tiles, ({ z }) => z)
      .entries()
      .map(([zoom, of]) => ({
        zoom,
        tiles: of.length,
        points: of.reduce((sum, { points }) => sum + points, 0),
        fullest: of.reduce((a, b) => (b.points > a.points ? b : a)),
      }))
      .toArray()
      .toSorted((a, b) => a.zoom - b.zoom),
  );

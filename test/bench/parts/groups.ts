import type { DataSource } from 'typeorm';
import type { Bench, Part } from '../support/bench.js';
import { digits, ratio } from '../support/numbers.js';
import { interleave } from '../support/rounds.js';
import type { Section } from '../support/report.js';
import { createSceneOf } from '../support/scene.js';
import { variantsOf } from './rebuild.js';

const ROWS_PER_GROUP_AND_HOUR = 2;
const PLATFORMS = 5;

/** So many groups, each with the same few requests in every hour. */
export async function fillGroups(
  dataSource: DataSource,
  from: Date,
  { groups, days, seed }: { groups: number; days: number; seed: number },
): Promise<void> {
  await dataSource.query(
    `INSERT INTO groups (name, platform) SELECT 'bench-' || g, 'platform-' || g % $2::int FROM generate_series(1, $1::int) AS g`,
    [groups, PLATFORMS],
  );
  await dataSource.query(
    `WITH seeded AS MATERIALIZED (SELECT setseed($3::float8))
    INSERT INTO usage_logs (user_id, api_key_id, account_id, model, group_id, input_tokens, output_tokens, stream,
        duration_ms, first_token_ms, created_at)
      SELECT 1, 1, 1, 'model', id, 1000 * random(), 300 * random(), true, duration, duration * 0.3, created_at
      FROM (
        SELECT g.id, 100 * exp(4 * random()) AS duration,
          $1::timestamptz + (hour + random()) * interval '1 hour' AS created_at
        FROM seeded, groups g, generate_series(0, $4::int * 24 - 1) AS hour, generate_series(1, $2::int)
        WHERE g.name LIKE 'bench-%'
      ) request
      ORDER BY created_at`,
    [from.toISOString(), ROWS_PER_GROUP_AND_HOUR, 1 / (seed + 1), days],
  );
}

async function measure({ server, options }: Bench, groups: number): Promise<string[]> {
  const rows = groups * 24 * ROWS_PER_GROUP_AND_HOUR;
  const scene = await createSceneOf(server, { rows, days: 1 }, (dataSource, from) =>
    fillGroups(dataSource, from, { groups, days: 1, seed: options.seed }),
  );
  const closers: (() => Promise<void>)[] = [];
  try {
    const medians = await interleave(await variantsOf(scene, [1], closers), options.rounds);
    const [textbook = NaN, without = NaN, distributed = NaN] = medians;
    return [
      digits(groups),
      digits(rows),
      digits(textbook / 1000),
      digits(without / 1000),
      ratio(textbook / without),
      digits(distributed / 1000),
      ratio(textbook / distributed),
    ];
  } finally {
    await Promise.all(closers.map((close) => close()));
    await scene.drop();
  }
}

export const groups: Part = async (bench: Bench): Promise<Section> => {
  const rows: string[][] = [];
  for (const count of bench.options.groups) {
    rows.push(await measure(bench, count));
  }
  return {
    title: 'Groups',
    notes: [
      `- A full rebuild of one UTC day of ${ROWS_PER_GROUP_AND_HOUR} usage rows per group and hour, ${PLATFORMS} platforms, 1 worker; the variants are those of the full rebuild.`,
    ],
    head: [
      'groups',
      'usage rows',
      'textbook, s',
      'without distributions, s',
      'against the textbook',
      'with, s',
      'against the textbook',
    ],
    rows,
  };
};

import { ERROR_COLUMNS, SAMPLE_COLUMNS, SPLIT_COLUMNS } from '../../../src/ops/definitions/columns.js';
import type { Bench, Part } from '../support/bench.js';
import { digits, megabytes, median, ms, percent, ratio, timed } from '../support/numbers.js';
import { rollUp, startOps, withOps } from '../support/ops.js';
import { BY_MODEL, rawAnswer, type RawAnswerRow } from '../support/raw-answer.js';
import type { Section } from '../support/report.js';
import { interleave } from '../support/rounds.js';
import { createScene, resetMetrics, type Scene } from '../support/scene.js';

/** Each model of the sample traffic becomes so many: about 200 in all. */
const VERSIONS = 11;
const CALLS = 30;

const SETS = [
  ['without sets', { dimensions: [] }],
  ['with model and account', {}],
] as const;

/** What the sets cost: time of a rebuild, storage, and answers beside raw rows. */
export const dimensions: Part = async ({ server, options }: Bench): Promise<Section> => {
  const scene = await createScene(server, options);
  try {
    await spreadModels(scene);
    const [without = NaN, having = NaN] = await rebuilds(scene, options.rounds, options.workers[0] ?? 1);
    const rows = [
      ['rebuild without sets', `${digits(without / 1000)} s`, ''],
      ['rebuild with model and account', `${digits(having / 1000)} s`, ratio(having / without)],
      ...(await storage(scene)),
      ...(await answers(scene)),
    ];
    return {
      title: `Dimensions: ${scene.rows.toLocaleString('en-US')} usage rows over ${scene.days} UTC days, ${VERSIONS * 18} models, 320 accounts`,
      notes: [
        'Rebuilds of everything, hours and days, in turns, with the kinds of errors in both; after each, every set of every ' +
          'bucket equalled the overall row in every count and sum. Storage with indexes and ' +
          `TOAST, after VACUUM; errors are in it. Answers: the median of ${CALLS}, each of which the instance has given before; ` +
          'raw rows: one statement for the same counts, tokens and latencies, median of 3.',
      ],
      head: ['', '', ''],
      rows,
    };
  } finally {
    await scene.drop();
  }
};

async function spreadModels({ client }: Scene): Promise<void> {
  for (const table of ['usage_logs', 'ops_error_logs']) {
    await client.query(
      `UPDATE ${table} SET model = model || '-v' || (id % ${VERSIONS}) WHERE model IS NOT NULL`,
    );
    // Full: else a scan of the old versions would be measured.
    await client.query(`VACUUM (FULL, ANALYZE) ${table}`);
  }
}

async function rebuilds(scene: Scene, rounds: number, workers: number): Promise<number[]> {
  const opened = await Promise.all(
    SETS.map(([, given]) => startOps(scene, { ...given, drainConcurrency: workers })),
  );
  try {
    return await interleave(
      opened.map((ops, index) => ({
        name: SETS[index]?.[0] ?? '',
        prepare: () => resetMetrics(scene),
        run: () => ops.rebuildAll(),
        check: () => requireSums(scene),
      })),
      rounds,
    );
  } finally {
    for (const ops of opened) {
      await ops.close();
    }
  }
}

/** Every set of every bucket equals the overall row in every count and sum; of the kinds of errors, in their counts. */
async function requireSums({ client }: Scene): Promise<void> {
  for (const [tier, bucket] of [
    ['hourly', 'bucket_start'],
    ['daily', 'bucket_date'],
  ] as const) {
    const ofUsage = ['success_count', 'token_consumed', ...SAMPLE_COLUMNS, ...SPLIT_COLUMNS];
    const differ = (columns: readonly string[]): string =>
      columns.map((column) => `s.${column} IS DISTINCT FROM o.${column}`).join(' OR ');
    const { rows } = await client.query<{ bucket: string; dimension: string }>(
      `SELECT s.${bucket}::text AS bucket, s.dimension
      FROM (
        SELECT ${bucket}, dimension, ${[...ofUsage, ...ERROR_COLUMNS].map((column) => `sum(${column}) AS ${column}`).join(', ')}
        FROM ops_metrics_dimension_${tier} WHERE group_id IS NULL GROUP BY 1, 2
      ) s JOIN ops_metrics_${tier} o ON o.${bucket} = s.${bucket} AND o.platform IS NULL AND o.group_id IS NULL
      WHERE ${differ(ERROR_COLUMNS)} OR s.dimension <> 'error' AND (${differ(ofUsage)})`,
    );
    if (rows.length > 0) {
      throw new Error(`${rows.length} sets do not add up, the first of them: ${JSON.stringify(rows[0])}`);
    }
  }
}

async function storage({ client, days }: Scene): Promise<string[][]> {
  await client.query('VACUUM ops_metrics_dimension_hourly, ops_metrics_dimension_daily');
  const { rows } = await client.query<{ table: string; bytes: string; raw: string }>(
    `SELECT t AS table, pg_total_relation_size(t::regclass) AS bytes,
      pg_total_relation_size('usage_logs') + pg_total_relation_size('ops_error_logs') AS raw
    FROM unnest(ARRAY['ops_metrics_dimension_hourly', 'ops_metrics_dimension_daily']) AS t`,
  );
  return rows.map(({ table, bytes, raw }) => [
    `storage, ${table}`,
    megabytes((Number(bytes) * 30) / days),
    `${percent(Number(bytes) / Number(raw))} of raw`,
  ]);
}

async function answers(scene: Scene): Promise<string[][]> {
  const { client, from, to } = scene;
  const bound = [from.toISOString(), to.toISOString()];
  return withOps(scene, {}, async (ops) => {
    await rollUp(scene, ops);
    const raw: number[] = [];
    for (let run = 0; run < 3; run += 1) {
      raw.push(await timed(() => client.query<RawAnswerRow>(rawAnswer(BY_MODEL), bound)));
    }
    const rows: string[][] = [];
    for (const limit of [20, 200]) {
      const times: number[] = [];
      for (let call = 0; call <= CALLS; call += 1) {
        times.push(await timed(() => ops.reads.breakdown({ from, to, by: 'model', limit })));
      }
      const [first = NaN, ...later] = times;
      rows.push([
        `breakdown by model, ${limit} of ${VERSIONS * 18}`,
        `${ms(median(later))} (the first ${ms(first)})`,
        `raw rows ${ms(median(raw))}: ${ratio(median(raw) / median(later))}`,
      ]);
    }
    return rows;
  });
}

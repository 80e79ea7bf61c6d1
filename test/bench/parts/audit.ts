import type { Bench, Part } from '../support/bench.js';
import { digits, ms, ratio } from '../support/numbers.js';
import { rollUp, withOps, type Ops } from '../support/ops.js';
import { progress, type Section } from '../support/report.js';
import { interleave } from '../support/rounds.js';
import { resetMetrics, type Scene } from '../support/scene.js';
import { connect } from '../support/server.js';
import { limitOf } from './rebuild.js';

/** The default schedule: a tick every ten minutes. */
const TICK_SECONDS = 600;
const QUIET_TICKS = 20;
/** A change that is not found after so many ticks never is. */
const MOST_TICKS = 10_000;

const NOTES = [
  '- One full audit: every closed hour compared with its raw rows, and every day with its hours, nothing differing. ' +
    'Limit: the usage rows of the same days by the same index, counted and summed, as in the full rebuild.',
  '- Hidden change: a token more in a row of the oldest hour, just after that hour was compared, which is the longest ' +
    `way. Ticks are RefreshService.tick() at the default auditPercent; instead of waiting ${TICK_SECONDS} s between two, the ` +
    'times up to which the audit is paid are moved back by that. From the cost alone: a round at half of auditPercent, ' +
    'since the hours of the last day have the other half, and the rest between two rounds.',
  `- Nothing new: medians of ${QUIET_TICKS} ticks each, in turns. Due: the audit has had ${TICK_SECONDS} s since the tick before; its share of ` +
    'them, or a round, is the most that it takes. Resting: between two rounds, or without any share left.',
];

/** Lets time pass for the audit. */
async function pass({ client }: Scene, seconds: number): Promise<void> {
  await client.query(
    'UPDATE ops_audit_state SET paid_until = paid_until - make_interval(secs => $1::float8)',
    [seconds],
  );
}

/** Puts one lane at the start of a round that nothing holds up, and the other to rest. */
async function onlyHistory({ client }: Scene): Promise<void> {
  await client.query(
    `UPDATE ops_audit_state SET position = NULL,
      paid_until = CASE lane WHEN 'history' THEN '-infinity' ELSE 'infinity' END::timestamptz`,
  );
}

/** Seconds of a full audit, and of the limit. */
async function fullAudit(scene: Scene, rounds: number): Promise<[audit: number, limit: number]> {
  const client = await connect(scene.url);
  try {
    // At a hundred percent a round of any size is paid for: it is taken at one go.
    return await withOps(scene, { auditPercent: 100 }, async ({ audits }) => {
      await audits.audit();
      let hours = 0;
      let differing = 0;
      const medians = await interleave(
        [
          {
            name: 'full audit',
            prepare: () => onlyHistory(scene),
            run: async () => {
              const result = await audits.audit();
              hours = result.auditedHours;
              differing = result.differingHours + result.differingDays;
            },
            check: () =>
              hours >= scene.days * 24 && differing === 0
                ? Promise.resolve()
                : Promise.reject(new Error(`${hours} hours were audited, and ${differing} buckets differed`)),
          },
          limitOf(scene, client),
        ],
        rounds,
      );
      const [audit = NaN, limit = NaN] = medians;
      return [audit / 1000, limit / 1000];
    });
  } finally {
    await client.end();
  }
}

/** Ticks until a change of the oldest hour is found and recomputed. */
async function ticksUntilFound(scene: Scene, { refresh }: Ops): Promise<number> {
  const { rowCount } = await scene.client.query(
    `UPDATE usage_logs SET output_tokens = output_tokens + 1
    WHERE id = (SELECT id FROM usage_logs WHERE created_at >= $1 ORDER BY created_at LIMIT 1)`,
    [scene.from.toISOString()],
  );
  if (rowCount !== 1) {
    throw new Error('There is no row to change');
  }
  for (let ticks = 1; ticks <= MOST_TICKS; ticks += 1) {
    await pass(scene, TICK_SECONDS);
    const { differingHours, drainedHours } = await refresh.tick();
    if (differingHours > 0) {
      if (drainedHours < 1) {
        throw new Error('The changed hour was found, and not recomputed');
      }
      return ticks;
    }
  }
  throw new Error(`The change was not found in ${MOST_TICKS} ticks`);
}

/** Milliseconds of a tick with nothing new: without the audit, where it is due, and where it rests. */
async function quietTicks(scene: Scene, ops: Ops): Promise<[off: number, due: number, resting: number]> {
  return withOps(scene, { auditPercent: 0 }, async (unaudited) => {
    const run = (): Promise<unknown> => ops.refresh.tick();
    const [off = NaN, due = NaN, resting = NaN] = await interleave(
      [
        { name: 'audit off', run: () => unaudited.refresh.tick() },
        { name: 'audit due', prepare: () => pass(scene, TICK_SECONDS), run },
        { name: 'audit resting', run },
      ],
      QUIET_TICKS,
    );
    return [off, due, resting];
  });
}

async function rawRows({ client }: Scene): Promise<number> {
  const { rows } = await client.query<{ rows: string }>(
    'SELECT (SELECT count(*) FROM usage_logs) + (SELECT count(*) FROM ops_error_logs) AS rows',
  );
  return Number(rows[0]?.rows);
}

export const audit: Part = async ({ sparse, options }: Bench): Promise<Section> => {
  const scene = await sparse();
  await resetMetrics(scene);
  await withOps(scene, { auditPercent: 0 }, (ops) => rollUp(scene, ops));
  const [seconds, limit] = await fullAudit(scene, options.rounds);
  const perMillion = seconds / ((await rawRows(scene)) / 1e6);
  return withOps(scene, {}, async (ops) => {
    const { auditPercent, auditIntervalSeconds } = ops.options;
    // The round that has just compared the oldest hour; the one of the recent hours begins anew.
    await scene.client.query("UPDATE ops_audit_state SET paid_until = clock_timestamp() + interval '300 s'");
    progress('audit: a hidden change');
    const ticks = await ticksUntilFound(scene, ops);
    progress('audit: ticks with nothing new');
    const [off, due, resting] = await quietTicks(scene, ops);
    const expected = (seconds * 2 * 100) / auditPercent + auditIntervalSeconds;
    return {
      title: 'Audit',
      notes: NOTES,
      head: ['', 'result', 'against'],
      rows: [
        ['one full audit', `${digits(seconds)} s`, `${ratio(seconds / limit)} the limit`],
        ['per million raw rows', `${digits(perMillion)} s`, ''],
        [
          'hidden change in the oldest hour, found after',
          `${ticks} tick${ticks === 1 ? '' : 's'}, ${digits(ticks * TICK_SECONDS)} s`,
          `${digits(expected)} s from the cost`,
        ],
        ['tick with nothing new, audit off', ms(off), ''],
        ['tick with nothing new, audit resting', ms(resting), ratio(resting / off)],
        ['tick with nothing new, audit due', ms(due), `${ratio(due / off)}, every ${TICK_SECONDS} s`],
      ],
    };
  });
};

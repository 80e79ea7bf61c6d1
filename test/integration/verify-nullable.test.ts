import { describe, expect, it } from '@jest/globals';
import * as rows from '../support/raw-rows.js';
import { OpsScene } from '../support/ops-scene.js';
import { failure, usage } from '../support/spec-scene.js';

const LONG = 'a-platform-of-more-than-32-characters-in-its-name';

const WITHIN_GROUPS = { name: 'model', usageColumn: 'model', errorColumn: 'model', withinGroups: true };

/** Raw tables of another program: their flags may be NULL, and their platforms be anything. */
describe('verify on adopted raw tables', () => {
  const scene = new OpsScene(
    'verify_nullable',
    { dimensions: [WITHIN_GROUPS, 'account'] },
    { prepare: rows.loosenUsage },
  );

  it('agrees with the rollup on every NULL, group 0 and odd platform, and finds nothing to fix', async () => {
    const { dataSource } = scene;
    await scene.query(
      `ALTER TABLE ops_error_logs ALTER COLUMN is_business_limited DROP NOT NULL, ALTER COLUMN platform TYPE varchar(64)`,
    );
    await scene.query('ALTER TABLE groups ALTER COLUMN platform DROP NOT NULL');
    await rows.insertGroups(dataSource, [
      { id: 0, name: 'zero', platform: 'openai' },
      { id: 4, name: 'empty', platform: '' },
      { id: 5, name: 'long', platform: LONG },
    ]);
    await scene.query(`INSERT INTO groups (id, name, platform) VALUES (6, 'null', NULL)`);
    const oldest = { createdAt: (await scene.ago(60)).toISOString() };
    await rows.insertUsage(dataSource, [usage(oldest)]);
    await rows.insertErrors(dataSource, [failure(oldest)]);

    const at = (await scene.ago(20)).toISOString();
    await rows.insertErrors(dataSource, [failure({ createdAt: at })]);
    await dataSource.query(
      `INSERT INTO ops_error_logs (error_phase, error_type, platform, group_id, status_code, upstream_status_code,
                                   error_owner, is_business_limited, created_at)
       SELECT 'upstream', 'api_error', platform, group_id, status, upstream, owner, limited, $1::timestamptz
         FROM unnest(ARRAY['openai', '', NULL, $2]) AS platform,
              unnest(ARRAY[1, 0, NULL]::bigint[]) AS group_id,
              unnest(ARRAY[500, 200, NULL]::int[]) AS status,
              unnest(ARRAY[429, 529, NULL]::int[]) AS upstream,
              unnest(ARRAY['provider', NULL]) AS owner,
              unnest(ARRAY[true, false, NULL]::boolean[]) AS limited`,
      [at, LONG],
    );
    await rows.insertUsage(
      dataSource,
      [0, 1, 4, 5, 6, 99, null].map((groupId) => ({
        ...usage({ createdAt: at, durationMs: 1_000, firstTokenMs: groupId }),
        groupId,
      })),
    );
    await dataSource.query('UPDATE usage_logs SET input_tokens = NULL WHERE group_id IN (1, 5)');
    await scene.tick();
    await scene.maintain();

    const [from, to] = [await scene.ago(48), await scene.ago(0)];
    expect(await scene.app.verify.verify(from, to, true)).toMatchObject({
      differences: [],
      unjudged: [],
      notedHours: 0,
      notedDays: 0,
    });
    const [row] = await dataSource.query<unknown[]>(
      `SELECT error_count_sla::int AS sla, business_limited_count::int AS limited FROM ops_metrics_hourly
        WHERE bucket_start = $1 AND platform IS NULL`,
      [at],
    );
    // 4 platforms, 3 groups, status 500 of 3, 3 upstream statuses, 2 owners, and 2 (1) of 3 flags; and the plain one.
    expect(row).toEqual({ sla: 145, limited: 72 });
    // The platform of group 6 is NULL, that of group 4 empty: only the first has rows of its own, in a set too.
    const groups = await dataSource.query<unknown[]>(
      `SELECT group_id AS group FROM ops_metrics_dimension_hourly
        WHERE bucket_start = $1 AND dimension = 'model' AND group_id IS NOT NULL AND success_count > 0 ORDER BY 1`,
      [at],
    );
    expect(groups).toEqual(['1', '5', '6'].map((group) => ({ group })));
  });
});

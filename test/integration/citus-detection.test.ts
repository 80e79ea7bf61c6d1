import { afterAll, afterEach, expect, it } from '@jest/globals';
import { CommitGate } from '../support/commit-gate.js';
import { createCitusDatabase, describeOnCitus, type CitusDatabase } from '../support/citus.js';
import { distribute } from '../support/citus-layouts.js';
import { eventually } from '../support/eventually.js';
import { OpsScene } from '../support/ops-scene.js';

/** One row in every shard, more or less, so that the transaction commits in two phases on each worker. */
const MANY = `INSERT INTO usage_logs (user_id, api_key_id, account_id, model, group_id, duration_ms, created_at)
  SELECT 1, 1, 1, 'model', 1, 100, $1 FROM generate_series(1, 40)`;

describeOnCitus('detection in a cluster', () => {
  let gate: CommitGate | undefined;
  let database: CitusDatabase | undefined;
  const scene = new OpsScene(
    'citus_detection',
    {},
    {
      async create() {
        return (database = await createCitusDatabase('citus_detection', distribute, {
          // One of the workers: the others know of a commit at once.
          async reach(worker) {
            if (gate !== undefined) return worker;
            gate = await CommitGate.before(worker);
            return { host: '127.0.0.1', port: gate.port };
          },
        }));
      },
    },
  );
  afterAll(() => gate?.close());
  afterEach(() => gate?.open());

  const gated = (): CommitGate => {
    if (gate === undefined) throw new Error('The cluster has no worker');
    return gate;
  };

  it('waits for a transaction at the coordinator, whose rows come below ids that have been seen', async () => {
    const [late, hour] = [await scene.ago(3), await scene.ago(2)];
    await scene.insertRequests([await scene.ago(9), hour]);
    const detecting = await scene.start({ auditPercent: 0 });
    await detecting.refresh.tick();
    const writer = await scene.begin();
    await writer.query(MANY, [late]);
    await scene.insertRequests(hour);
    await detecting.refresh.tick();
    expect(await scene.storedRequests(hour)).toBe(6);
    await writer.query('COMMIT');
    await detecting.refresh.tick();
    expect(await scene.storedRequests(late)).toBe(40);
    await scene.expectAllRight();
  });

  it('waits for one that has committed, and of whose rows a worker does not know it yet', async () => {
    const [late, hour] = [await scene.ago(3), await scene.ago(2)];
    await scene.insertRequests([await scene.ago(9), hour]);
    const detecting = await scene.start({ auditPercent: 0 });
    await detecting.refresh.tick();
    const writer = await scene.begin();
    await writer.query(MANY, [late]);
    // Rows with higher ids have been seen: those of the writer are not looked for above them.
    await scene.insertRequests(hour);
    await detecting.refresh.tick();
    gated().barrier = 'hold';
    const committed = writer.query('COMMIT');
    await eventually(() => Promise.resolve(gated().stopped > 0 || null), 'a commit that waits');
    await detecting.refresh.tick();
    expect(await scene.status()).toMatchObject({
      rawTables: expect.arrayContaining([
        expect.objectContaining({ rawTable: 'usage_logs', heldBy: expect.stringContaining('test-writer') }),
      ]),
    });
    gated().open();
    await committed;
    await detecting.refresh.tick();
    expect(await scene.storedRequests(late)).toBe(40);
    await scene.expectAllRight();
  });

  it('lets the audit find rows that a worker knows of only after it was away', async () => {
    const late = await scene.ago(3);
    await scene.insertRequests([await scene.ago(9), late, await scene.ago(2)]);
    await scene.tick();
    const writer = await scene.begin();
    await writer.query(MANY, [late]);
    gated().barrier = 'cut';
    // Committed: the worker has promised it, and is told again.
    await writer.query('COMMIT');
    expect(gated().stopped).toBeGreaterThan(0);
    await scene.tick();
    expect(await scene.storedRequests(late)).toBeLessThan(43);
    gated().open();
    await scene.query('SELECT recover_prepared_transactions()');
    await scene.tick();
    expect(await scene.storedRequests(late)).toBe(43);
    await scene.expectAllRight();
  });

  it('goes by the ids of the coordinator, and lets the audit find what was written through a worker', async () => {
    const warnings = scene.warnings();
    const [late, later] = [await scene.ago(3), await scene.ago(2)];
    await scene.insertRequests([await scene.ago(9), late, later]);
    await scene.tick();
    const worker = await scene.connect(database?.workers[1]);
    await worker.query(MANY, [late]);
    await scene.insertRequests(later);
    const unaudited = await scene.start({ auditPercent: 0 });
    await unaudited.refresh.tick();
    expect([await scene.storedRequests(late), await scene.storedRequests(later)]).toEqual([3, 6]);
    expect(await scene.safeId()).toBeLessThan(2n ** 48n);
    expect(warnings).toContainEqual(expect.stringContaining('written through workers'));
    expect(await scene.tick()).toMatchObject({ differingHours: 1 });
    expect(await scene.storedRequests(late)).toBe(43);
    await scene.expectAllRight();
  });
});

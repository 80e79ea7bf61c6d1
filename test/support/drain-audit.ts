import type { DataSource } from 'typeorm';

/**
 * Writes down which instance (application_name) computed which hour in which transaction, from the start of the
 * statement that computed it to the commit; and makes each such statement `pauseSeconds` slower, so that there is
 * a middle of a drain to hit. Independent of the locks that the drain takes.
 */
export async function auditDrains(dataSource: DataSource, pauseSeconds: number): Promise<void> {
  await dataSource.query(`
    CREATE TABLE audit (
      id bigserial PRIMARY KEY,
      txid xid8 NOT NULL DEFAULT pg_current_xact_id(),
      instance text NOT NULL DEFAULT current_setting('application_name'),
      bucket_start timestamptz NOT NULL,
      began timestamptz NOT NULL DEFAULT statement_timestamp(),
      ended timestamptz
    );
    CREATE TABLE audit_pause AS SELECT ${pauseSeconds}::float8 AS seconds;
    CREATE FUNCTION audit_write() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
      INSERT INTO audit (bucket_start) SELECT DISTINCT bucket_start FROM changed;
      IF TG_OP = 'INSERT' THEN
        PERFORM pg_sleep(seconds) FROM audit_pause;
      END IF;
      RETURN NULL;
    END $$;
    CREATE TRIGGER audit_insert AFTER INSERT ON ops_metrics_hourly
      REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION audit_write();
    CREATE TRIGGER audit_update AFTER UPDATE ON ops_metrics_hourly
      REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION audit_write();
    CREATE TRIGGER audit_delete AFTER DELETE ON ops_metrics_hourly
      REFERENCING OLD TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION audit_write();
    CREATE FUNCTION audit_commit() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
      UPDATE audit SET ended = clock_timestamp() WHERE id = NEW.id;
      RETURN NULL;
    END $$;
    CREATE CONSTRAINT TRIGGER audit_commit AFTER INSERT ON audit
      DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION audit_commit();
  `);
}

export async function setPause(dataSource: DataSource, seconds: number): Promise<void> {
  await dataSource.query('UPDATE audit_pause SET seconds = $1', [seconds]);
}

/** Hours that two transactions were computing at the same time. */
export async function concurrentComputations(dataSource: DataSource): Promise<unknown[]> {
  return dataSource.query(
    `SELECT a.bucket_start, a.instance, a.began, a.ended, b.instance AS other, b.began AS other_began, b.ended AS other_ended
       FROM audit a JOIN audit b ON b.bucket_start = a.bucket_start AND b.txid > a.txid
        AND tstzrange(a.began, a.ended) && tstzrange(b.began, b.ended)
      LIMIT 10`,
  );
}

/** How many transactions each instance committed. */
export async function drainsByInstance(dataSource: DataSource): Promise<Map<string, number>> {
  const rows = await dataSource.query<{ instance: string; drains: number }[]>(
    'SELECT instance, count(DISTINCT txid)::int AS drains FROM audit GROUP BY 1',
  );
  return new Map(rows.map(({ instance, drains }) => [instance, drains]));
}

export interface HeldDay {
  readonly pid: number;
  /** UTC midnight, ISO. */
  readonly day: string;
  /** As pg_stat_activity gives it. */
  readonly state: string;
  /** In the audit's pause: computing hours, not just the day from them. */
  readonly draining: boolean;
}

/** The days whose lock an instance holds at this moment: "ops" is the first key, the day since 1970 the second. */
export async function heldDays(dataSource: DataSource, instance: string): Promise<HeldDay[]> {
  return dataSource.query(
    `SELECT a.pid, a.state, COALESCE(a.wait_event = 'PgSleep', false) AS draining,
            to_char(timestamp '1970-01-01' + make_interval(days => l.objid::int), 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') AS day
       FROM pg_locks l JOIN pg_stat_activity a USING (pid)
      WHERE l.locktype = 'advisory' AND l.granted AND l.classid = 7303283 AND l.objsubid = 2
        AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())
        AND a.application_name = $1
      ORDER BY day`,
    [instance],
  );
}

/** Transactions that an instance has open. */
export async function openTransactions(dataSource: DataSource, instance: string): Promise<number> {
  const [row] = await dataSource.query<{ count: number }[]>(
    `SELECT count(*)::int AS count FROM pg_stat_activity
      WHERE application_name = $1 AND datname = current_database() AND xact_start IS NOT NULL`,
    [instance],
  );
  return row?.count ?? 0;
}

/** UTC days (ISO midnights) that have hours waiting before `end`, with how many. */
export async function pendingDays(dataSource: DataSource, end: Date): Promise<Map<string, number>> {
  const rows = await dataSource.query<{ day: string; hours: number }[]>(
    `SELECT to_char(date_trunc('day', bucket_start AT TIME ZONE 'UTC'), 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') AS day,
            count(*)::int AS hours
       FROM ops_metrics_invalidations WHERE tier = 'hour' AND bucket_start < $1::timestamptz GROUP BY 1`,
    [end.toISOString()],
  );
  return new Map(rows.map(({ day, hours }) => [day, hours]));
}

import { Column, Entity, PrimaryColumn } from 'typeorm';

/** What came of the last run of a scheduled job; one row per job, shared by all instances. */
@Entity({ name: 'ops_job_heartbeats' })
export class OpsJobHeartbeat {
  @PrimaryColumn({ name: 'job_name', type: 'varchar', length: 64 })
  jobName!: string;

  @Column({ name: 'last_run_at', type: 'timestamptz', nullable: true })
  lastRunAt!: Date | null;

  @Column({ name: 'last_success_at', type: 'timestamptz', nullable: true })
  lastSuccessAt!: Date | null;

  @Column({ name: 'last_error_at', type: 'timestamptz', nullable: true })
  lastErrorAt!: Date | null;

  @Column({ name: 'last_error', type: 'text', nullable: true })
  lastError!: string | null;

  /** Milliseconds, of the last run, whether it succeeded or not. */
  @Column({ name: 'last_duration_ms', type: 'bigint', nullable: true })
  lastDurationMs!: string | null;

  /** JSON: what the last successful run did. */
  @Column({ name: 'last_result', type: 'text', nullable: true })
  lastResult!: string | null;
}

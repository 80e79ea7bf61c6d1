import { Column, Entity, PrimaryGeneratedColumn } from 'typeorm';
import type { RunKind } from './run.errors.js';
import type { RunState } from './run.schemas.js';

/** Work that somebody asked for over HTTP and that goes on after the answer: a verification, or a tick of both jobs. */
@Entity({ name: 'ops_runs' })
export class OpsRun {
  @PrimaryGeneratedColumn({ type: 'bigint', primaryKeyConstraintName: 'ops_runs_pkey' })
  id!: string;

  @Column({ type: 'varchar', length: 16 })
  kind!: RunKind;

  /** A run that says `running` and is past {@link aliveUntil} has died with its instance. */
  @Column({ type: 'varchar', length: 16, default: 'running' })
  state!: RunState['state'];

  /** What was asked for. */
  @Column({ type: 'jsonb' })
  request!: object;

  /** What came of it so far. */
  @Column({ type: 'jsonb' })
  result!: object;

  /** Why it failed. */
  @Column({ type: 'text', nullable: true })
  error!: string | null;

  @Column({ name: 'requested_by', type: 'varchar', length: 128, nullable: true })
  requestedBy!: string | null;

  @Column({ name: 'started_at', type: 'timestamptz', default: () => 'clock_timestamp()' })
  startedAt!: Date;

  /** Its instance moves it on while it runs. */
  @Column({ name: 'alive_until', type: 'timestamptz' })
  aliveUntil!: Date;

  /** Set by any instance; the one that runs it looks between two steps. */
  @Column({ name: 'cancel_requested_at', type: 'timestamptz', nullable: true })
  cancelRequestedAt!: Date | null;

  @Column({ name: 'finished_at', type: 'timestamptz', nullable: true })
  finishedAt!: Date | null;
}

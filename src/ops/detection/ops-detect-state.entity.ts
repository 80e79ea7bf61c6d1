import { Column, Entity, PrimaryColumn } from 'typeorm';

/** How far detection has come in one raw table. */
@Entity({ name: 'ops_detect_state' })
export class OpsDetectState {
  /** `usage_logs` or `ops_error_logs`. */
  @PrimaryColumn({
    name: 'raw_table',
    type: 'varchar',
    length: 64,
    primaryKeyConstraintName: 'ops_detect_state_pkey',
  })
  rawTable!: string;

  /** Every row with an id up to this one has been accounted for. */
  @Column({ name: 'safe_id', type: 'bigint' })
  safeId!: string;

  /** Hours that ended up to here were closed when detection last ran. */
  @Column({ name: 'closed_through', type: 'timestamptz' })
  closedThrough!: Date;

  /** `closed_through` as of the last time that safe_id moved: a row first seen later and dated before it is late. */
  @Column({ name: 'late_before', type: 'timestamptz' })
  lateBefore!: Date;

  /** Rows, since the beginning, that were first seen when their hour had already been closed. */
  @Column({ name: 'late_rows', type: 'bigint', default: 0 })
  lateRows!: string;

  /** Rows, since the beginning, that were dated below the raw floor: counted, and not applied. */
  @Column({ name: 'below_floor_rows', type: 'bigint', default: 0 })
  belowFloorRows!: string;

  @Column({ name: 'updated_at', type: 'timestamptz', default: () => 'clock_timestamp()' })
  updatedAt!: Date;

  /** The visible rows up to this id have been noted. Above safe_id, others may yet become visible. */
  @Column({ name: 'seen_id', type: 'bigint', nullable: true })
  seenId!: string | null;

  /** The transactions in flight, and an id that all of theirs lie above. */
  @Column({ type: 'jsonb', default: {} })
  writers!: Record<string, string>;

  /** Since when there are any that do not end, or null. */
  @Column({ name: 'held_since', type: 'timestamptz', nullable: true })
  heldSince!: Date | null;

  /** Which sessions they are, as of the last look. */
  @Column({ name: 'held_by', type: 'text', nullable: true })
  heldBy!: string | null;

  /** The table was first followed beside writers in flight: its backfill is noted again when they have ended. */
  @Column({ type: 'boolean', default: false })
  provisional!: boolean;
}

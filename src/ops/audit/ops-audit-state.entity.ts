import { Column, Entity, PrimaryColumn } from 'typeorm';

/** How far the audit has come in one of its lanes; times are the database's. */
@Entity({ name: 'ops_audit_state' })
export class OpsAuditState {
  /** `recent` or `history`. */
  @PrimaryColumn({ type: 'varchar', length: 16, primaryKeyConstraintName: 'ops_audit_state_pkey' })
  lane!: string;

  /** The hours of the round that begin at or after here have been audited; null before the first. */
  @Column({ type: 'timestamptz', nullable: true })
  position!: Date | null;

  @Column({ name: 'round_started_at', type: 'timestamptz', nullable: true })
  roundStartedAt!: Date | null;

  /** Start of the round before: no hour of the lane has been audited longer ago. Null during the first. */
  @Column({ name: 'last_round_started_at', type: 'timestamptz', nullable: true })
  lastRoundStartedAt!: Date | null;

  /** Hours compared, since the beginning. */
  @Column({ name: 'audited_hours', type: 'bigint', default: 0 })
  auditedHours!: string;

  /** Of these, the ones that differed and were noted. */
  @Column({ name: 'differing_hours', type: 'bigint', default: 0 })
  differingHours!: string;

  /** It is not continued before: it has had its share of the time. */
  @Column({ name: 'paid_until', type: 'timestamptz', default: () => "'-infinity'" })
  paidUntil!: Date;

  @Column({ name: 'updated_at', type: 'timestamptz', default: () => 'clock_timestamp()' })
  updatedAt!: Date;
}

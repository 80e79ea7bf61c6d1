import { Column, Entity, Index, PrimaryGeneratedColumn } from 'typeorm';

/** One failed request, or one that a retry recovered. bigint columns are strings; Date loses microseconds. */
@Entity('ops_error_logs')
@Index('idx_ops_error_logs_created_at', ['createdAt'])
export class OpsErrorLog {
  @PrimaryGeneratedColumn('increment', { type: 'bigint', primaryKeyConstraintName: 'ops_error_logs_pkey' })
  id!: string;

  @Column({ name: 'request_id', type: 'varchar', length: 64, nullable: true })
  requestId!: string | null;

  @Column({ name: 'user_id', type: 'bigint', nullable: true })
  userId!: string | null;

  @Column({ name: 'api_key_id', type: 'bigint', nullable: true })
  apiKeyId!: string | null;

  @Column({ name: 'account_id', type: 'bigint', nullable: true })
  accountId!: string | null;

  /** No foreign key: an error may outlive its group, or name one that never existed. */
  @Column({ name: 'group_id', type: 'bigint', nullable: true })
  groupId!: string | null;

  /** null when the request failed before it was routed. */
  @Column({ type: 'varchar', length: 32, nullable: true })
  platform!: string | null;

  @Column({ type: 'varchar', length: 100, nullable: true })
  model!: string | null;

  @Column({ name: 'error_phase', type: 'varchar', length: 32 })
  errorPhase!: string;

  @Column({ name: 'error_type', type: 'varchar', length: 64 })
  errorType!: string;

  @Column({ type: 'varchar', length: 8, default: 'P2' })
  severity!: string;

  /** What the client was told; 200 where a retry hid the error. */
  @Column({ name: 'status_code', type: 'int', nullable: true })
  statusCode!: number | null;

  /** What the provider answered. */
  @Column({ name: 'upstream_status_code', type: 'int', nullable: true })
  upstreamStatusCode!: number | null;

  /** 'provider', 'client', 'platform' or null. */
  @Column({ name: 'error_owner', type: 'varchar', length: 32, nullable: true })
  errorOwner!: string | null;

  /** Quota, balance and the like: not the service's fault. */
  @Column({ name: 'is_business_limited', type: 'boolean', default: false })
  isBusinessLimited!: boolean;

  @Column({ name: 'error_message', type: 'text', nullable: true })
  errorMessage!: string | null;

  @Column({ name: 'created_at', type: 'timestamptz', default: () => 'now()' })
  createdAt!: Date;
}

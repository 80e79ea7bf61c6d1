import { Column, Entity, Index, JoinColumn, ManyToOne, PrimaryGeneratedColumn } from 'typeorm';
import type { Relation } from 'typeorm';
import { Group } from './group.entity.js';

/** One successful request. bigint and numeric columns are strings; Date loses the microseconds of created_at. */
@Entity('usage_logs')
@Index('idx_usage_logs_created_at', ['createdAt'])
export class UsageLog {
  @PrimaryGeneratedColumn('increment', { type: 'bigint', primaryKeyConstraintName: 'usage_logs_pkey' })
  id!: string;

  @Column({ name: 'user_id', type: 'bigint' })
  userId!: string;

  @Column({ name: 'api_key_id', type: 'bigint' })
  apiKeyId!: string;

  @Column({ name: 'account_id', type: 'bigint' })
  accountId!: string;

  @Column({ name: 'request_id', type: 'varchar', length: 64, nullable: true })
  requestId!: string | null;

  @Column({ type: 'varchar', length: 100 })
  model!: string;

  @Column({ name: 'group_id', type: 'bigint', nullable: true })
  groupId!: string | null;

  @ManyToOne(() => Group, { nullable: true })
  @JoinColumn({ name: 'group_id', foreignKeyConstraintName: 'fk_usage_logs_group_id' })
  group!: Relation<Group> | null;

  @Column({ name: 'input_tokens', type: 'int', default: 0 })
  inputTokens!: number;

  @Column({ name: 'output_tokens', type: 'int', default: 0 })
  outputTokens!: number;

  @Column({ name: 'cache_creation_tokens', type: 'int', default: 0 })
  cacheCreationTokens!: number;

  @Column({ name: 'cache_read_tokens', type: 'int', default: 0 })
  cacheReadTokens!: number;

  @Column({ name: 'total_cost', type: 'numeric', precision: 20, scale: 10, default: 0 })
  totalCost!: string;

  @Column({ name: 'actual_cost', type: 'numeric', precision: 20, scale: 10, default: 0 })
  actualCost!: string;

  @Column({ type: 'boolean', default: false })
  stream!: boolean;

  /** The whole request, in milliseconds. */
  @Column({ name: 'duration_ms', type: 'int', nullable: true })
  durationMs!: number | null;

  /** Time to first token (TTFT), in milliseconds; only streamed requests have it. */
  @Column({ name: 'first_token_ms', type: 'int', nullable: true })
  firstTokenMs!: number | null;

  @Column({ name: 'created_at', type: 'timestamptz', default: () => 'now()' })
  createdAt!: Date;
}

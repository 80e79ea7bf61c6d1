import { Column, Entity, PrimaryColumn } from 'typeorm';

/** A group as the maintenance job last saw it, so that a change of what history is filed under does not pass unnoticed. */
@Entity({ name: 'ops_known_groups' })
export class OpsKnownGroup {
  @PrimaryColumn({ name: 'group_id', type: 'bigint', primaryKeyConstraintName: 'ops_known_groups_pkey' })
  groupId!: string;

  @Column({ type: 'varchar', length: 50, nullable: true })
  platform!: string | null;

  /** Before its last change. */
  @Column({ name: 'previous_platform', type: 'varchar', length: 50, nullable: true })
  previousPlatform!: string | null;

  @Column({ name: 'changed_at', type: 'timestamptz', nullable: true })
  changedAt!: Date | null;

  @Column({ name: 'deleted_at', type: 'timestamptz', nullable: true })
  deletedAt!: Date | null;
}

import { Column, Entity, PrimaryGeneratedColumn, Unique } from 'typeorm';

/** A routing group of the gateway: the requests of a set of keys, served by one platform. */
@Entity('groups')
@Unique('uq_groups_name', ['name'])
export class Group {
  /** bigint: arrives as a string, because it may exceed Number.MAX_SAFE_INTEGER. */
  @PrimaryGeneratedColumn('increment', { type: 'bigint', primaryKeyConstraintName: 'groups_pkey' })
  id!: string;

  @Column({ type: 'varchar', length: 100 })
  name!: string;

  @Column({ type: 'varchar', length: 50 })
  platform!: string;

  @Column({ name: 'created_at', type: 'timestamptz', default: () => 'now()' })
  createdAt!: Date;
}

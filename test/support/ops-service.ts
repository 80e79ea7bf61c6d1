import type { DataSource } from 'typeorm';
import { OpsPreaggService } from '../../src/ops/index.js';

export function createOpsService(dataSource: DataSource): OpsPreaggService {
  return new OpsPreaggService(dataSource);
}

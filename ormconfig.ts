import { createDataSource } from './src/database/data-source.js';

/**
 * The DataSource of TypeORM's own command line (`npm run migration:run`). It needs DATABASE_URL: the embedded
 * database is started by the app and by `npm run ops`.
 */
const url = process.env.DATABASE_URL;
if (url === undefined || url === '') {
  throw new Error(
    'DATABASE_URL is not set: TypeORM’s command line needs it. `npm run ops -- migrate` does not.',
  );
}

export default createDataSource(url);

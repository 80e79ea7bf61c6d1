import { createOpsApp } from './ops-app.js';

/** Both jobs, and 2026-03-01 by hand: rows of every table that the module writes. */
export async function rollUpTwoDays(url: string): Promise<void> {
  const app = await createOpsApp(url);
  try {
    await app.refresh.tick();
    await app.refresh.maintain();
    const range = { from: new Date('2026-03-01T00:00:00Z'), to: new Date('2026-03-03T00:00:00Z') };
    await app.rebuilds.request({ ...range, force: true });
    await app.refresh.tick();
    await app.verify.verify(range.from, range.to);
  } finally {
    await app.close();
  }
}

import 'reflect-metadata';
import { ADMIN_TOKEN, type AdminToken } from './auth/admin-token.js';
import { readEnvironment } from './config/environment.js';
import { createApp } from './create-app.js';
import { DEMO_OPTIONS, requireEmbeddedDatabase, runDemo } from './demo/demo.js';
import { describeStartFailure } from './describe-start-failure.js';

async function main(): Promise<void> {
  const demo = process.argv.includes('--demo');
  const environment = readEnvironment(process.env);
  if (demo) {
    requireEmbeddedDatabase(environment);
  }
  const app = await createApp(environment, demo ? DEMO_OPTIONS : {});
  try {
    if (demo) {
      await runDemo(app);
    }
    await app.listen(environment.PORT, environment.HOST);
  } catch (error) {
    await app.close();
    throw error;
  }
  const token = app.get<AdminToken>(ADMIN_TOKEN, { strict: false });
  const url = (await app.getUrl()).replace('[::1]', 'localhost');
  console.log(`\nListening on ${url}`);
  console.log(`  dashboard  ${url}/ops\n  API        ${url}/docs\n  metrics    ${url}/metrics`);
  if (token.generated) {
    console.log(`  token      ${token.value}`);
  }
}

main().catch((error: unknown) => {
  console.error(describeStartFailure(error));
  process.exitCode = 1;
});

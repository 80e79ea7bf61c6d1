import 'reflect-metadata';
import { styleText } from 'node:util';
import { ADMIN_TOKEN, type AdminToken } from './auth/admin-token.js';
import { readEnvironment, unknownVariables } from './config/environment.js';
import { createApp } from './server/create-app.js';
import { DEMO_OPTIONS, requireEmbeddedDatabase, runDemo } from './demo/demo.js';
import { moving } from './demo/moving.js';
import { describeStartFailure } from './server/describe-start-failure.js';
import { listen, requireListenable } from './server/listen.js';
import { forceExitAfterSignal } from './server/shutdown.js';

async function main(): Promise<void> {
  const demo = process.argv.includes('--demo');
  for (const name of unknownVariables(process.env)) {
    console.warn(`warning: ${name} is not a variable of this app, and is ignored`);
  }
  // The demo says itself what it does; LOG_LEVEL=log adds what the parts say.
  const environment = readEnvironment({ ...(demo ? { LOG_LEVEL: 'warn' } : {}), ...process.env });
  if (demo) {
    requireEmbeddedDatabase(environment);
  }
  await requireListenable(environment);
  const created = createApp(environment, demo ? DEMO_OPTIONS : {});
  const app = demo ? await moving('Starting the database', created) : await created;
  forceExitAfterSignal();
  try {
    if (demo) {
      await runDemo(app);
    }
    await listen(app, environment);
  } catch (error) {
    await app.close();
    throw error;
  }
  announce(
    (await app.getUrl()).replace('[::1]', 'localhost'),
    app.get<AdminToken>(ADMIN_TOKEN, { strict: false }),
  );
}

/** The last thing on the screen, and the first that is looked for. */
function announce(url: string, token: AdminToken): void {
  const strong = (text: string): string => (process.stdout.isTTY ? styleText('bold', text) : text);
  const lines = [
    `Listening on ${strong(url)}`,
    `  dashboard  ${strong(`${url}/ops`)}`,
    `  API        ${url}/docs`,
    `  metrics    ${url}/metrics`,
    ...(token.generated ? [`  token      ${strong(token.value)}`] : []),
  ];
  const rule = '─'.repeat(78);
  console.log(`\n${rule}\n${lines.join('\n')}\n${rule}`);
}

main().catch((error: unknown) => {
  console.error(describeStartFailure(error));
  process.exitCode = 1;
});

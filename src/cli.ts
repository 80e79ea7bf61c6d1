import 'reflect-metadata';
import { Command, CommanderError } from 'commander';
import { registerCommands } from './cli/commands.js';
import { exitCodeOf, lineOf } from './cli/failures.js';

/** `npm run ops -- <command>`: exit code 0, 1 for a failure, 2 for bad input. */
async function main(): Promise<void> {
  const program = new Command('ops')
    .description('Operate the metrics rollup of the gateway’s database (DATABASE_URL, or the embedded one).')
    .exitOverride()
    .configureOutput({
      writeErr: (text) => {
        // Commander says what was wrong in one line; the exit code says the rest.
        if (text.trim() !== '') {
          console.error(text.trim());
        }
      },
    });
  registerCommands(program);
  await program.parseAsync();
}

main().catch((error: unknown) => {
  if (!(error instanceof CommanderError)) {
    console.error(lineOf(error));
  }
  process.exitCode = exitCodeOf(error);
});

import { Command } from 'commander';
import { registerCommands } from './commands.js';

/** The whole command line, not run yet; what is wrong with the arguments is thrown as a CommanderError. */
export function createProgram(): Command {
  const program = new Command('ops')
    .description('Operate the metrics rollup of the gateway’s database (DATABASE_URL, or the embedded one).')
    .exitOverride()
    .configureOutput({
      // What was wrong, in one line; a suggestion is on a second one.
      outputError: (text, write) => {
        write(`${text.trim().replaceAll('\n', ' ')}\n`);
      },
    });
  registerCommands(program);
  return program;
}

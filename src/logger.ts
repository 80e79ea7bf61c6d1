import { ConsoleLogger, type LogLevel } from '@nestjs/common';
import type { Environment } from './config/environment.js';

const LEVELS = ['fatal', 'error', 'warn', 'log', 'debug', 'verbose'] as const satisfies readonly LogLevel[];

/** Everything on stderr: for a command whose stdout is its result. */
class StderrLogger extends ConsoleLogger {
  protected override printMessages(messages: unknown[], context?: string, logLevel?: LogLevel): void {
    super.printMessages(messages, context, logLevel, 'stderr');
  }
}

/** Logs the chosen level and all above it, as text for people or as one JSON object a line for machines. */
export function createLogger(
  environment: Environment,
  stream: 'stdout' | 'stderr' = 'stdout',
): ConsoleLogger {
  const Logger = stream === 'stderr' ? StderrLogger : ConsoleLogger;
  return new Logger({
    logLevels: LEVELS.slice(0, LEVELS.indexOf(environment.LOG_LEVEL) + 1),
    json: environment.LOG_FORMAT === 'json',
    colors: environment.LOG_FORMAT === 'text' && process[stream].isTTY,
  });
}

import { isatty } from 'node:tty';
import { ConsoleLogger, type LogLevel } from '@nestjs/common';
import type { Environment } from '../config/environment.js';

const LEVELS = ['fatal', 'error', 'warn', 'log', 'debug', 'verbose'] as const satisfies readonly LogLevel[];

/** Nest's context for an error that it is about to throw at us. */
const THROWN = 'ExceptionHandler';

/** Nest's contexts for what it puts together, a line for each module and route: for those who look for it. */
const ASSEMBLY = new Set([
  'InstanceLoader',
  'RoutesResolver',
  'RouterExplorer',
  'NestFactory',
  'NestApplication',
]);

/** Leaves out what is thrown as well: the doors report it, in one line where an operator can mend it. */
class AppLogger extends ConsoleLogger {
  protected override printMessages(
    messages: unknown[],
    context?: string,
    logLevel?: LogLevel,
    stream?: 'stdout' | 'stderr',
    errorStack?: unknown,
    params?: Record<string, unknown>,
  ): void {
    const assembly = logLevel === 'log' && ASSEMBLY.has(context ?? '') && !this.isLevelEnabled('debug');
    if (context !== THROWN && !assembly) {
      super.printMessages(messages, context, logLevel, stream, errorStack, params);
    }
  }
}

/** Everything on stderr: for a command whose stdout is its result. */
class StderrLogger extends AppLogger {
  protected override printMessages(
    messages: unknown[],
    context?: string,
    logLevel?: LogLevel,
    _stream?: 'stdout' | 'stderr',
    errorStack?: unknown,
    params?: Record<string, unknown>,
  ): void {
    super.printMessages(messages, context, logLevel, 'stderr', errorStack, params);
  }
}

/** Logs the chosen level and all above it, as text for people or as one JSON object a line for machines. */
export function createLogger(
  environment: Environment,
  stream: 'stdout' | 'stderr' = 'stdout',
): ConsoleLogger {
  const Logger = stream === 'stderr' ? StderrLogger : AppLogger;
  return new Logger({
    logLevels: LEVELS.slice(0, LEVELS.indexOf(environment.LOG_LEVEL) + 1),
    json: environment.LOG_FORMAT === 'json',
    colors: environment.LOG_FORMAT === 'text' && isatty(process[stream].fd),
  });
}

import { createParamDecorator, type ExecutionContext } from '@nestjs/common';

/** What the admin endpoints read of a request, on Express and on Fastify alike. */
export interface AdminRequest {
  readonly method: string;
  readonly url: string;
  /** Express: the whole path, also below a mounted router. */
  readonly originalUrl?: string;
  readonly ip?: string | undefined;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  /** Set by the host's guard, if it knows who asks. */
  readonly user?: unknown;
}

/** As long as the columns that keep it. */
const MAX_LENGTH = 128;

const admitted = new WeakSet<AdminRequest>();

export function adminRequest(context: ExecutionContext): AdminRequest {
  return context.switchToHttp().getRequest<AdminRequest>();
}

/** Remembers that the host's guard let the request in. */
export function admit(request: AdminRequest): void {
  admitted.add(request);
}

/**
 * Who asks: the email, id or name of the `user` that the host's guard set on the request (or that text itself), else
 * `admin@` and the address, since a shared token names nobody. `anonymous@` where the guard has not let it in.
 */
export function requesterOf(request: AdminRequest): string {
  const address = request.ip ?? 'unknown';
  if (!admitted.has(request)) {
    return `anonymous@${address}`.slice(0, MAX_LENGTH);
  }
  const label = printable(labelOf(request.user).slice(0, MAX_LENGTH)).trim();
  return label === '' ? `admin@${address}`.slice(0, MAX_LENGTH) : label;
}

function labelOf(user: unknown): string {
  if (typeof user !== 'object' || user === null) {
    return typeof user === 'string' || typeof user === 'number' ? String(user) : '';
  }
  const { email, id, name } = user as { email?: unknown; id?: unknown; name?: unknown };
  const value = [email, id, name].find((one) => typeof one === 'string' || typeof one === 'number');
  return value === undefined ? '' : String(value);
}

/** PostgreSQL's text takes no NUL, UTF-8 no half of a surrogate pair, and a log line no line break. */
function printable(text: string): string {
  return text.replace(/[\p{Cc}\p{Cs}\u2028\u2029]/gu, '');
}

/** Parameter decorator: who asks, as {@link requesterOf} says. */
export const Requester = createParamDecorator((_data: unknown, context: ExecutionContext) =>
  requesterOf(adminRequest(context)),
);

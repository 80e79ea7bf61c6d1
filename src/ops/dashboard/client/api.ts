/** The server refused a request. */
export class ApiError extends Error {
  public constructor(
    public readonly status: number,
    public readonly code: string,
    message: string,
    public readonly field: string | null,
    /** When to ask again at the earliest, in milliseconds from now; 0 where the server did not say. */
    public readonly retryAfterMs = 0,
  ) {
    super(message);
    this.name = 'ApiError';
  }

  public get unauthorised(): boolean {
    return this.status === 401 || this.status === 403;
  }
}

/** The server could not be reached, or what answered was not it. */
export class UnreachableError extends Error {
  public constructor(cause: unknown) {
    super('The server cannot be reached', { cause });
    this.name = 'UnreachableError';
  }
}

/** A list is given value by value; null is not given. */
export type Query = Readonly<Record<string, string | number | readonly string[] | null>>;

/** The slowest answer worth waiting for. */
const PATIENCE_MS = 60_000;

/** The admin endpoints, beside the page under whatever prefix it has. */
export class Api {
  private readonly session = new AbortController();
  private readonly base = new URL('admin/ops/', new URL(location.pathname, location.origin));

  public constructor(private readonly token: string) {}

  /** Aborted once the session has ended. */
  public get signal(): AbortSignal {
    return this.session.signal;
  }

  /** Ends the session: gives up what is under way, and asks nothing more. */
  public close(): void {
    this.session.abort();
  }

  /** @throws ApiError, UnreachableError, and DOMException AbortError where a signal says so */
  public async get<T>(path: string, query: Query = {}, signal: AbortSignal | null = null): Promise<T> {
    const url = new URL(path, this.base);
    for (const [name, value] of Object.entries(query)) {
      for (const one of value === null ? [] : [value].flat()) {
        url.searchParams.append(name, String(one));
      }
    }
    // Its abort is a TimeoutError, and counts as unreachable.
    const limit = AbortSignal.timeout(PATIENCE_MS);
    const signals = [this.signal, limit, ...(signal === null ? [] : [signal])];
    return (await read(await this.request(url, { signal: AbortSignal.any(signals) }))) as T;
  }

  /** @throws as {@link get} */
  public async send<T>(method: 'POST' | 'DELETE', path: string, body?: object): Promise<T> {
    const response = await this.request(new URL(path, this.base), {
      method,
      ...(body !== undefined && {
        body: JSON.stringify(body),
        headers: { 'content-type': 'application/json' },
      }),
    });
    return (await read(response)) as T;
  }

  private async request(url: URL, init: RequestInit): Promise<Response> {
    const headers = new Headers(init.headers);
    headers.set('authorization', `Bearer ${this.token}`);
    let response;
    try {
      response = await fetch(url, { ...init, headers, cache: 'no-store', credentials: 'omit' });
    } catch (error) {
      throw wasAborted(error) ? error : new UnreachableError(error);
    }
    if (!response.ok) {
      const body = ((await response.json().catch(() => null)) ?? {}) as Partial<ApiError>;
      throw new ApiError(
        response.status,
        body.code ?? `HTTP_${response.status}`,
        body.message ?? `The server answered ${response.status} ${response.statusText}`.trim(),
        body.field ?? null,
        1000 * (Number(response.headers.get('retry-after')) || 0),
      );
    }
    return response;
  }
}

async function read(response: Response): Promise<unknown> {
  try {
    return await response.json();
  } catch (error) {
    throw wasAborted(error) ? error : new UnreachableError(error);
  }
}

export function wasAborted(error: unknown): boolean {
  return error instanceof DOMException && error.name === 'AbortError';
}

/** For a person: what went wrong, and with which field. */
export function describe(error: unknown): string {
  const { field = null } = error instanceof ApiError ? error : {};
  const message = error instanceof Error ? error.message : String(error);
  const named = field === null || message.startsWith(`${field} `) ? message : `${field} ${message}`;
  return error instanceof ApiError ? named.replace(/\.$/, '') : named;
}

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

export type Query = Readonly<Record<string, string | number | null>>;

/** The slowest answer worth waiting for. */
const PATIENCE_MS = 60_000;

/** The admin endpoints, beside the page under whatever prefix it has. */
export class Api {
  private readonly base = new URL('admin/ops/', new URL(location.pathname, location.origin));

  public constructor(private readonly token: string) {}

  /** @throws ApiError, UnreachableError, and DOMException AbortError where the signal says so */
  public async get<T>(path: string, query: Query = {}, signal: AbortSignal | null = null): Promise<T> {
    const url = new URL(path, this.base);
    for (const [name, value] of Object.entries(query)) {
      if (value !== null) {
        url.searchParams.set(name, String(value));
      }
    }
    // Its abort is a TimeoutError, and counts as unreachable.
    const limit = AbortSignal.timeout(PATIENCE_MS);
    const until = signal === null ? limit : AbortSignal.any([signal, limit]);
    return (await read(await this.request(url, { signal: until }))) as T;
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

  /**
   * The data of server-sent events, parsed. EventSource cannot send a token, so the stream is read here.
   *
   * @throws as {@link get}
   */
  public async *events<T>(path: string, signal: AbortSignal): AsyncGenerator<T> {
    const response = await this.request(new URL(path, this.base), {
      signal,
      headers: { accept: 'text/event-stream' },
    });
    const text = response.body?.pipeThrough(new TextDecoderStream());
    if (text === undefined) {
      return;
    }
    let buffer = '';
    try {
      for await (const chunk of text) {
        buffer = (buffer + chunk).replaceAll('\r\n', '\n');
        const events = buffer.split('\n\n');
        buffer = events.pop() ?? '';
        for (const event of events) {
          const data = event
            .split('\n')
            .filter((line) => line.startsWith('data:'))
            .map((line) => line.slice(5).trimStart())
            .join('\n');
          if (data !== '') {
            yield JSON.parse(data) as T;
          }
        }
      }
    } catch (error) {
      throw wasAborted(error) ? error : new UnreachableError(error);
    }
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
  if (error instanceof ApiError) {
    const message = error.field === null ? error.message : `${error.field} ${stripField(error)}`;
    return message.endsWith('.') ? message.slice(0, -1) : message;
  }
  return error instanceof Error ? error.message : String(error);
}

function stripField({ message, field }: ApiError): string {
  return field !== null && message.startsWith(`${field} `) ? message.slice(field.length + 1) : message;
}

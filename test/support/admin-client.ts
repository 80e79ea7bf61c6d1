import type { NestExpressApplication } from '@nestjs/platform-express';
import request, { type Test } from 'supertest';
import { readEnvironment } from '../../src/config/environment.js';
import { createApp } from '../../src/server/create-app.js';

export const TOKEN = 'a-token-of-the-tests-with-32-characters';

export type Method = 'get' | 'post' | 'delete';

/** The gateway app in this process, without jobs, listening on a free port. */
export class AdminClient {
  private constructor(
    private readonly app: NestExpressApplication,
    public readonly url: string,
  ) {}

  /** @param variables of the environment, before the tests' own */
  public static async start(
    databaseUrl: string,
    variables: Readonly<Record<string, string>> = {},
  ): Promise<AdminClient> {
    const environment = readEnvironment({
      DATABASE_URL: databaseUrl,
      OPS_ADMIN_TOKEN: TOKEN,
      OPS_JOBS_ENABLED: 'false',
      OPS_SAFE_DELAY_SECONDS: '0',
      LOG_LEVEL: 'error',
      ...variables,
    });
    const app = await createApp(environment);
    await app.listen(0, '127.0.0.1');
    return new AdminClient(app, await app.getUrl());
  }

  public async close(): Promise<void> {
    await this.app.close();
  }

  /** A request as anybody might send it. */
  public anonymous(method: Method, path: string): Test {
    return request(this.app.getHttpServer())[method](path);
  }

  /** A request with the token. */
  public send(method: Method, path: string, body?: object): Test {
    const test = this.anonymous(method, path).set('Authorization', `Bearer ${TOKEN}`);
    return body === undefined ? test : test.send(body);
  }
}

import { ShutdownSignal, type INestApplication } from '@nestjs/common';
import { HttpAdapterHost, NestFactory } from '@nestjs/core';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { DocumentBuilder, SwaggerModule } from '@nestjs/swagger';
import helmet from 'helmet';
import { AppModule } from '../app.module.js';
import { ADMIN_PATH, adminTokenMiddleware } from '../auth/admin-token.middleware.js';
import { ADMIN_TOKEN, type AdminToken } from '../auth/admin-token.js';
import type { Environment } from '../config/environment.js';
import { createLogger } from './logger.js';
import { OpsAdminDoor, OpsErrorFilter, type OpsModuleOptions } from '../ops/index.js';

/**
 * Builds the gateway app, ready to listen.
 *
 * @param overrides options of OpsModule that go before those of the environment
 * @throws EnvironmentError, EmbeddedPostgresError, or what the database driver gives
 */
export async function createApp(
  environment: Environment,
  overrides: OpsModuleOptions = {},
): Promise<NestExpressApplication> {
  const app = await NestFactory.create<NestExpressApplication>(AppModule.forHttp(environment, overrides), {
    logger: createLogger(environment),
    abortOnError: false,
    forceCloseConnections: true,
    return503OnClosing: true,
  });
  // Without upgrade-insecure-requests: the app speaks plain HTTP, and /docs must also work at an address other than localhost.
  app.use(
    helmet({
      contentSecurityPolicy: { directives: { upgradeInsecureRequests: null } },
      // Whether every other host below this one's name speaks HTTPS is not for this app to say.
      strictTransportSecurity: { includeSubDomains: false },
    }),
  );
  // Before the body parser, see there.
  app.use(
    ADMIN_PATH,
    adminTokenMiddleware(
      app.get(OpsAdminDoor, { strict: false }),
      app.get<AdminToken>(ADMIN_TOKEN, { strict: false }),
    ),
  );
  app.useBodyParser('json', { limit: '64kb' });
  app.useGlobalFilters(new OpsErrorFilter(app.get(HttpAdapterHost)));
  // Stopped as asked is a success: by default Nest ends the process with the signal after its hooks, code 143.
  app.enableShutdownHooks([ShutdownSignal.SIGTERM, ShutdownSignal.SIGINT, ShutdownSignal.SIGHUP], {
    useProcessExit: true,
  });
  serveOpenApi(app);
  return app;
}

function serveOpenApi(app: INestApplication): void {
  const config = new DocumentBuilder()
    .setTitle('LLM gateway: operational metrics')
    .setVersion('0.7.0')
    .setLicense('MIT', 'https://opensource.org/license/mit')
    .addServer('/', 'The gateway that serves this document.')
    // Not addBearerAuth, which says that the token is a JWT.
    .addSecurity('bearer', { type: 'http', scheme: 'bearer', description: 'The value of OPS_ADMIN_TOKEN.' })
    .build();
  SwaggerModule.setup('docs', app, () => SwaggerModule.createDocument(app, config));
}

import type { RequestHandler } from 'express';
import type { OpsAdminDoor } from '../ops/index.js';
import { requireAdmin } from './admin-token.guard.js';
import type { AdminToken } from './admin-token.js';

/** Where it belongs: before the body parser, so that nobody's body is read, or waited for, without the token. */
export const ADMIN_PATH = '/admin/ops';

/** Asks for the token before the guard does, which comes after the body has been read. */
export function adminTokenMiddleware(door: OpsAdminDoor, token: AdminToken): RequestHandler {
  return async (request, response, next) => {
    door.enter(request, response);
    await door.ask(request, response, () => requireAdmin(token, request));
    next();
  };
}

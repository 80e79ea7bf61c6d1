import 'reflect-metadata';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { RequestMethod, type Type } from '@nestjs/common';
import { METHOD_METADATA, PATH_METADATA } from '@nestjs/common/constants.js';
import { AdminTokenGuard } from '../../src/auth/admin-token.guard.js';
import { createProgram } from '../../src/cli/program.js';
import { HealthController } from '../../src/health/health.controller.js';
import { OpsModule } from '../../src/ops/index.js';

const root = join(import.meta.dirname, '../..');
const read = (path: string): string => readFileSync(join(root, path), 'utf8');
const pages = ['.', 'docs'].flatMap((folder) =>
  readdirSync(join(root, folder))
    .filter((name) => name.endsWith('.md'))
    .map((name) => join(folder, name)),
);
const withoutCode = (text: string): string => text.replaceAll(/^```[\s\S]*?^```/gm, '');

/** As GitHub makes them of the headings of a page. */
function anchors(page: string): string[] {
  return [...withoutCode(read(page)).matchAll(/^#+ (.+)$/gm)].map(([, heading = '']) =>
    heading
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N}_ -]/gu, '')
      .replaceAll(' ', '-'),
  );
}

function isBroken(page: string, link: string): boolean {
  const [path = '', anchor] = link.split('#', 2);
  const target = path === '' ? page : join(dirname(page), path);
  return !existsSync(join(root, target)) || (anchor !== undefined && !anchors(target).includes(anchor));
}

/** `GET /admin/ops/rebuilds/{id}` of every route, but for the files that a page of ours asks for by itself. */
function endpointsOf(controller: Type): string[] {
  const prototype = controller.prototype as Readonly<Record<string, object>>;
  return Object.getOwnPropertyNames(prototype).flatMap((name) => {
    const method: unknown = Reflect.getMetadata(METHOD_METADATA, prototype[name] ?? {});
    if (typeof method !== 'number') {
      return [];
    }
    const parts = [controller, prototype[name] ?? {}].map((target) =>
      String(Reflect.getMetadata(PATH_METADATA, target)),
    );
    const path = parts.join('/').replaceAll(/:(\w+)/g, '{$1}');
    return [`${RequestMethod[method] ?? ''} /${path.split('/').filter(Boolean).join('/')}`];
  });
}

describe('README, CONTRIBUTING, CHANGELOG and docs', () => {
  it.each(pages)('%s links only to what is there', (page) => {
    const links = [...withoutCode(read(page)).matchAll(/\]\((?!https?:)([^)\s]+)\)/g)].map(
      ([, to = '']) => to,
    );
    expect(links.filter((link) => isBroken(page, link))).toEqual([]);
  });

  it.each(pages.filter((page) => page !== 'CHANGELOG.md'))('%s names only files that are there', (page) => {
    const named = [...read(page).matchAll(/`((?:src|test|migrations|deploy|docs|\.ci)\/[\w./-]+)`/g)];
    expect(named.map(([, path = '']) => path).filter((path) => !existsSync(join(root, path)))).toEqual([]);
  });

  it('describe every command and flag', () => {
    const page = read('docs/command-line.md');
    const wanted = createProgram().commands.flatMap((command) => [
      `\n## ${command.name()}\n`,
      ...command.options.map(({ long }) => long ?? ''),
    ]);
    expect(wanted).toContain('--yes-into-this-database');
    expect(wanted.filter((text) => !page.includes(text))).toEqual([]);
  });

  it('describe every endpoint, and no other', () => {
    const { controllers = [] } = OpsModule.forRoot({ adminGuard: AdminTokenGuard });
    const endpoints = [...controllers, HealthController]
      .flatMap(endpointsOf)
      .filter((endpoint) => endpoint !== 'GET /ops/assets/{name}');
    const described = [...read('docs/http-api.md').matchAll(/^\| \[?`([A-Z]+ \S+)`/gm)].map(([, one]) => one);
    expect(described.toSorted()).toEqual(endpoints.toSorted());
  });

  it('have every room of the house in the picture and in the list', () => {
    const page = read('docs/design.md');
    const picture = [...page.matchAll(/^```mermaid[\s\S]*?^```/gm)].join('\n');
    const rooms = readdirSync(join(root, 'src/ops'), { withFileTypes: true })
      .filter((entry) => entry.isDirectory())
      .map(({ name }) => name);
    const missing = (room: string): boolean =>
      !new RegExp(`(-->|&) ${room}\\b`).test(picture) || !page.includes(`\n| \`${room}\` `);
    expect(rooms.filter(missing)).toEqual([]);
  });
});

import { html } from 'lit-html';
import type { OpsRequest } from './admin-types.js';
import type { Content } from './templates.js';

/** Successes and errors are told apart by word and colour; of an error, what there is to say of it. */
export function outcome(item: OpsRequest): Content {
  if (item.kind === 'success') {
    return html`<span class="badge finished">success</span>`;
  }
  const { statusCode, upstreamStatusCode, errorOwner, errorPhase, errorType, message, isBusinessLimited } =
    item;
  const recovered = statusCode !== null && statusCode < 400;
  const upstream = upstreamStatusCode === null ? null : `provider said ${upstreamStatusCode}`;
  const limited = isBusinessLimited ? 'business-limited' : null;
  const told = [errorType, errorOwner, errorPhase, upstream, limited];
  return html`<span class="badge failed">${recovered ? 'recovered' : 'error'} ${statusCode ?? ''}</span>
    <small>${told.filter(Boolean).join(' · ')}</small> <small>${message}</small>`;
}

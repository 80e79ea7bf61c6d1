import { html, type TemplateResult } from 'lit-html';
import { describe, wasAborted } from './api.js';
import type { Host } from './host.js';

/** A part of the page that has something done by the server, and says what came of it. */
export abstract class Tool {
  protected busy = false;
  protected said = { text: '', kind: '' };

  public constructor(protected readonly host: Host) {}

  protected get message(): TemplateResult {
    return html`<p class="message ${this.said.kind}" role="status">${this.said.text}</p>`;
  }

  protected say(text: string, kind: '' | 'good' | 'bad' = ''): void {
    this.said = { text, kind };
    this.host.changed();
  }

  /** @param failed what is said where it fails, before the reason */
  protected async attempt(failed: string, action: () => Promise<unknown>): Promise<void> {
    try {
      await action();
    } catch (error) {
      if (!wasAborted(error)) {
        this.say(`${failed}: ${describe(error)}.`, 'bad');
      }
    }
  }

  /** The same, for what is not done twice at a time. */
  protected async busily(failed: string, action: () => Promise<unknown>): Promise<void> {
    this.busy = true;
    await this.attempt(failed, action);
    this.busy = false;
    this.host.changed();
  }
}

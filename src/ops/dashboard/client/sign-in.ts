import type { Status } from './admin-types.js';
import { Api, ApiError, describe } from './api.js';
import { byId, setText } from './dom.js';
import { storedToken } from './storage.js';

/** Asks for the admin token, tries it, and keeps it for the tab. */
export class SignIn {
  private readonly section = byId('sign-in', HTMLElement);
  private readonly token = byId('token', HTMLInputElement);
  private readonly error = byId('sign-in-error', HTMLElement);
  private readonly submit = this.section.querySelector('button');

  public constructor(private readonly onSignedIn: (api: Api, status: Status) => void) {
    this.section.querySelector('form')?.addEventListener('submit', (event) => {
      event.preventDefault();
      void this.attempt(this.token.value.trim());
    });
  }

  /** Signs in with the token that this tab has, or asks for one. */
  public start(): void {
    const token = storedToken.get();
    if (token === null) {
      this.ask('');
    } else {
      void this.attempt(token);
    }
  }

  /** Forgets the token and asks for one. */
  public ask(message: string): void {
    storedToken.set(null);
    this.show(message);
  }

  private show(message: string): void {
    document.body.dataset.state = 'signed-out';
    document.title = 'Sign in · Operations';
    byId('app', HTMLElement).hidden = true;
    this.section.hidden = false;
    this.token.value = '';
    setText(this.error, message);
    this.token.focus();
  }

  private async attempt(token: string): Promise<void> {
    if (!/^[\x21-\x7e]+$/.test(token)) {
      this.ask('A token has only letters, digits and signs.');
      return;
    }
    const api = new Api(token);
    this.toggle(true);
    try {
      const status = await api.get<Status>('status');
      storedToken.set(token);
      this.section.hidden = true;
      byId('app', HTMLElement).hidden = false;
      setText(this.error, '');
      this.token.value = '';
      this.onSignedIn(api, status);
    } catch (error) {
      if (error instanceof ApiError && error.unauthorised) {
        this.ask('This token was refused.');
      } else {
        // The token may be right: it stays in the tab, for the next attempt.
        this.show(`${describe(error)}. Try again in a moment.`);
        this.token.value = token;
      }
    } finally {
      this.toggle(false);
    }
  }

  private toggle(busy: boolean): void {
    if (this.submit !== null) {
      this.submit.disabled = busy;
      setText(this.submit, busy ? 'Signing in…' : 'Sign in');
    }
  }
}

import { html, render } from 'lit-html';
import type { Status } from './admin-types.js';
import { Api, ApiError, describe } from './api.js';
import { storedToken } from './storage.js';
import { submitted } from './templates.js';

/** Asks for the admin token, tries it, and keeps it for the tab. */
export class SignIn {
  /** @param onSignedIn with a token that this tab has kept, and may be refused; else with the state that it gave */
  public constructor(private readonly onSignedIn: (api: Api, status: Status | null) => void) {}

  /** Goes on with the token that this tab has, or asks for one. */
  public start(): void {
    const token = storedToken.get();
    if (token === null) {
      this.ask('');
    } else {
      this.onSignedIn(new Api(token), null);
    }
  }

  /**
   * Forgets the token and asks for one.
   *
   * @param entered what is in the field already
   */
  public ask(error: string, entered = ''): void {
    storedToken.set(null);
    document.body.dataset.state = 'signed-out';
    document.title = 'Sign in · Gateway';
    this.show(error, false);
    const input = document.querySelector<HTMLInputElement>('#token');
    if (input !== null) {
      input.value = entered;
      input.focus();
    }
  }

  private async attempt(token: string): Promise<void> {
    if (!/^[\x21-\x7e]+$/.test(token)) {
      this.ask('A token has only letters, digits and signs.');
      return;
    }
    const api = new Api(token);
    const status = await api.get<Status>('status').catch((error: unknown) => {
      const isRefused = error instanceof ApiError && error.unauthorised;
      const message = isRefused ? 'This token was refused.' : `${describe(error)}. Try again in a moment.`;
      // A token that was not refused may be right: it stays there, for the next attempt.
      this.ask(message, isRefused ? '' : token);
      return null;
    });
    if (status !== null) {
      storedToken.set(token);
      this.onSignedIn(api, status);
    }
  }

  private show(error: string, busy: boolean): void {
    const send = (sent: HTMLFormElement): void => {
      this.show(error, true);
      void this.attempt((new FormData(sent).get('token') as string).trim());
    };
    const page = html`<main id="sign-in" class="sign-in">
      <form class="card" aria-labelledby="sign-in-title" @submit=${submitted(send)}>
        <img src="ops/assets/icon.svg" alt="" width="40" height="40" />
        <h1 id="sign-in-title">Operations</h1>
        <p class="note">The numbers are for operators. Sign in with the admin token of this gateway.</p>
        <input
          class="visually-hidden"
          type="text"
          autocomplete="username"
          value="admin"
          readonly
          tabindex="-1"
          aria-hidden="true"
        />
        <label for="token">Admin token</label>
        <input
          id="token"
          name="token"
          type="password"
          autocomplete="current-password"
          autocapitalize="off"
          spellcheck="false"
          required
          aria-describedby="sign-in-error token-note"
        />
        <p id="sign-in-error" class="message bad" role="alert">${error}</p>
        <button class="primary" type="submit" ?disabled=${busy}>${busy ? 'Signing in…' : 'Sign in'}</button>
        <p id="token-note" class="note">Kept for this tab only, and forgotten when it is closed.</p>
      </form>
    </main>`;
    render(page, document.body);
  }
}

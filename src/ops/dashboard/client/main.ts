import { Dashboard } from './dashboard.js';
import { SignIn } from './sign-in.js';
import { applyTheme } from './theme.js';

applyTheme();
const signIn = new SignIn((api, status) => {
  const dashboard = new Dashboard(api, status, (message) => {
    signIn.ask(message);
  });
  dashboard.load();
});
signIn.start();

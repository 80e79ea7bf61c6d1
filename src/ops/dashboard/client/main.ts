import { Dashboard } from './dashboard.js';
import { SignIn } from './sign-in.js';

const signIn = new SignIn((api, status) => {
  dashboard.open(api, status);
});
const dashboard = new Dashboard((message) => {
  signIn.ask(message);
});
signIn.start();

/** The page has no bundler and, under its policy, no import map: the library is served next to these modules. */
export { default } from 'uplot';

/** The lab begins here. */

import { render } from 'preact';
import { App } from './app/app.js';
import { openWhatWasSaid } from './app/sources.js';
import { startState } from './app/state.js';

const root = document.getElementById('lab');
if (root !== null) {
  startState();
  void openWhatWasSaid();
  root.replaceChildren();
  render(<App />, root);
}


import './style/tokens.css';
import './style/shell.css';
import './style/calls.css';
import './style/call.css';
import './style/views.css';
import { render } from 'preact';
import { loadVariables } from './filter/bar';
import { App } from './shell/app';
import { followKeys } from './shell/keys';
import { followTheme } from './shell/theme';
import { followAddress } from './state/address';
import { watchStanding } from './state/standing';

followTheme();
followAddress();
followKeys();
watchStanding();
// Without the names the filter works all the same; only completion is missing.
loadVariables().catch(() => undefined);

const root = document.getElementById('app');
if (root !== null) render(<App />, root);

// The frame: the bar with the views, the filter and the time; below it the view.
import { useEffect } from 'preact/hooks';
import { CallPanel } from '../call/panel';
import { CallsView } from '../calls/view';
import { FilterBar } from '../filter/bar';
import { verdictOf } from '../health/losses';
import { HealthView } from '../health/view';
import { MapView } from '../map/view';
import { TargetsView } from '../targets/view';
import { token, tokenWanted } from '../api/request';
import { addressOf, go, here, openCall, view, type View } from '../state/address';
import { sensors, unreachable } from '../state/standing';
import { Icon } from './icons';
import { Help, helpOpen } from './keys';
import { switchTheme, theme } from './theme';
import { TokenAsk, Who } from './token';
import { TimePicker } from './time_picker';
import mark from './mark.svg';

const kViews: { view: View; title: string; icon: string }[] = [
  { view: 'calls', title: 'Calls', icon: 'calls' },
  { view: 'map', title: 'Map', icon: 'map' },
  { view: 'health', title: 'Health', icon: 'health' },
  { view: 'targets', title: 'Targets', icon: 'targets' },
];

function Shown() {
  switch (view.value) {
    case 'calls':
      return <CallsView />;
    case 'map':
      return <MapView />;
    case 'health':
      return <HealthView />;
    case 'targets':
      return <TargetsView />;
    case 'call':
      return <CallPanel id={openCall.value} alone />;
  }
}

export function App() {
  useEffect(() => {
    const title = kViews.find((each) => each.view === view.value)?.title ?? 'Call';
    document.title = `${title} · Spanlight`;
  }, [view.value]);
  return (
    <div class="app">
      <header class="top">
        <a class="brand" href="/" onClick={(event) => { event.preventDefault(); go({ view: 'calls' }); }}>
          <img src={mark} alt="" width="22" height="22" /> Spanlight
        </a>
        <nav class="views" aria-label="Views">
          {kViews.map((each) => (
            <a
              key={each.view}
              href={addressOf({ ...here(), view: each.view })}
              aria-current={view.value === each.view ? 'page' : undefined}
              onClick={(event) => {
                if (event.ctrlKey || event.metaKey || event.shiftKey) return;
                event.preventDefault();
                go({ view: each.view });
              }}
            >
              <Icon name={each.icon} /> {each.title}
            </a>
          ))}
        </nav>
        <span class="spacer" />
        <Standing />
        <Who />
        <button class="quiet icon" title="Light or dark (t)" aria-label="Light or dark" onClick={switchTheme}><Icon name={theme.value === 'dark' ? 'sun' : 'moon'} /></button>
        <button class="quiet icon" title="Keys (?)" aria-label="Keys" onClick={() => (helpOpen.value = true)}><Icon name="help" /></button>
      </header>
      {view.value !== 'targets' && view.value !== 'call' && (
        <div class="question" key={token.value} role="search" aria-label="Filter and time">
          <FilterBar />
          <TimePicker />
        </div>
      )}
      <main>
        {unreachable.value !== '' && tokenWanted.value === '' && <p class="banner is-bad" role="alert"><Icon name="warning" /> {unreachable.value} Trying again.</p>}
        <Shown key={token.value} />
      </main>
      <Help />
      <TokenAsk />
    </div>
  );
}

function Standing() {
  if (sensors.value === null) return null;
  const verdict = verdictOf(sensors.value);
  const there = sensors.value.filter((sensor) => sensor.link === 'connected').length;
  return (
    <button class={`standing is-${verdict.tone}`} title={`${verdict.sentence} ${verdict.advice}`} onClick={() => go({ view: 'health' })}>
      <i class="dot" /> {verdict.tone === 'good' ? `${there} ${there === 1 ? 'sensor' : 'sensors'}` : there === 0 ? 'no sensor' : verdict.tone === 'bad' ? 'losing calls' : `${there} ${there === 1 ? 'sensor' : 'sensors'}, see Health`}
    </button>
  );
}

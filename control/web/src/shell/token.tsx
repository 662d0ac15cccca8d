// Who looks: the question for a token where the control process wants one, and a way to forget it. A token is kept for this tab
// alone and goes with each request; it never stands in the address.
import { useEffect, useRef, useState } from 'preact/hooks';
import { token, tokenRefused, tokenWanted, useToken } from '../api/request';
import { loadVariables } from '../filter/bar';
import { me, watchStanding } from '../state/standing';
import { Menu } from './menu';

export function TokenAsk() {
  const dialog = useRef<HTMLDialogElement>(null);
  const [text, setText] = useState('');
  const open = tokenWanted.value !== '';
  useEffect(() => {
    if (open && !dialog.current?.open) dialog.current?.showModal();
    else if (!open) dialog.current?.close();
  }, [open]);
  const come = (event: Event) => {
    event.preventDefault();
    useToken(text);
    setText('');
    watchStanding();
    loadVariables().catch(() => undefined);
  };
  return (
    <dialog ref={dialog} class="token" aria-labelledby="token-title" onCancel={(event) => event.preventDefault()}>
      {open && (
        <form onSubmit={come}>
          <h2 id="token-title">{tokenRefused.value ? 'This token is not known' : 'Who are you?'}</h2>
          <p class="faint">This control process shows calls only to those it knows. Its administrator gives tokens: see <code>serve.access</code> in its settings.</p>
          <label class="field">
            <span>Token</span>
            <input type="password" autocomplete="off" autofocus value={text} aria-invalid={tokenRefused.value} onInput={(event) => setText(event.currentTarget.value)} />
          </label>
          <button class="primary" disabled={text.trim() === ''}>Come in</button>
          <small>It is kept for this tab only, and never stands in the address.</small>
        </form>
      )}
    </dialog>
  );
}

export function Who() {
  const who = me.value;
  if (who === null || who.how === 'loopback') return null;
  const sees = [who.role === 'operator' ? 'Operator' : 'Viewer', who.namespaces.length > 0 ? `of ${who.namespaces.join(', ')}` : '', who.payloads ? '' : 'without headers and bodies'].filter((part) => part !== '');
  return (
    <Menu label={`You are ${who.name}`} icon="user" text={who.name}>
      <p class="menu-note">{sees.join(' ')}</p>
      {token.value !== '' && (
        <button class="menu-item" onClick={() => { useToken(''); watchStanding(); }}>
          Forget the token
        </button>
      )}
    </Menu>
  );
}

// A body as people want to see it. All of it is text to us: nothing that traffic carries is ever markup.
import { useEffect, useMemo, useState } from 'preact/hooks';
import { saveAs } from '../api/request';
import type { DecodedBody, Message } from '../api/types';
import { Copy } from '../shell/copy';
import { Icon } from '../shell/icons';
import { bytes, plural } from '../text/format';
import { operationsOf } from './graphql';
import { GraphqlView } from './graphql_view';
import { prettyJson } from './json_text';
import { JsonView } from './json_view';
import { Pairs } from './pairs';
import { formPairs } from './parameters';
import { ProtobufView } from './protobuf_view';
import { Marked } from './search';

type Mode = 'graphql' | 'json' | 'form' | 'text' | 'protobuf' | 'image' | 'hex';
const kTitles: Record<Mode, string> = { graphql: 'GraphQL', json: 'JSON', form: 'Form', text: 'Text', protobuf: 'Protobuf', image: 'Image', hex: 'Hex' };
const kHexLinesMax = 1_024;

export function modesOf(body: DecodedBody, graphql = false): Mode[] {
  const modes: Mode[] = [];
  if (graphql) modes.push('graphql');
  if (body.kind === 'json') modes.push('json');
  if (body.kind === 'form') modes.push('form');
  if (body.kind === 'image') modes.push('image');
  if (body.messages !== undefined) modes.push('protobuf');
  if (body.text !== undefined) modes.push('text');
  if (body.hex !== '') modes.push('hex');
  return modes;
}

export function bytesOfHex(hex: string): Uint8Array<ArrayBuffer> {
  const out = new Uint8Array(hex.length >> 1);
  for (let i = 0; i < out.length; ++i) out[i] = parseInt(hex.slice(2 * i, 2 * i + 2), 16);
  return out;
}

export function hexLines(hex: string, most = kHexLinesMax): string[] {
  const lines: string[] = [];
  for (let at = 0; at < hex.length && lines.length < most; at += 32) {
    const part = hex.slice(at, at + 32);
    const pairs = part.match(/../g) ?? [];
    const left = pairs.slice(0, 8).join(' ').padEnd(23);
    const right = pairs.slice(8).join(' ').padEnd(23);
    const text = pairs.map((pair) => { const code = parseInt(pair, 16); return code >= 0x20 && code < 0x7f ? String.fromCharCode(code) : '·'; }).join('');
    lines.push(`${(at >> 1).toString(16).padStart(6, '0')}  ${left}  ${right}  ${text}`);
  }
  return lines;
}

// What is not there, or not as it was: said before the body is shown.
export function notesOf(body: DecodedBody, message: Message): string[] {
  const notes: string[] = [];
  if (body.encoding_left !== '') notes.push(`still packed as ${body.encoding_left}`);
  if (body.fault !== 'none' && body.fault !== '') notes.push(body.fault === 'corrupt' ? 'its packing is damaged or cut' : body.fault.replace(/_/g, ' '));
  if (body.truncated) notes.push(`cut: ${bytes(message.body.captured ?? body.bytes)} of ${bytes(message.body.size)} were kept`);
  if (body.over_limit) notes.push('unpacked only up to the limit');
  if (body.charset !== undefined && body.charset !== 'utf-8' && body.charset !== '') notes.push(`written in ${body.charset}`);
  if (body.replaced) notes.push('some characters could not be read');
  return notes;
}

// What filters can ask of these bytes: they look at them as they were on the wire.
export const variableOf = (body: DecodedBody, side: 'request' | 'response'): string | null =>
  body.encodings.length === 0 && body.encoding_left === '' && (body.charset ?? 'utf-8').toLowerCase() === 'utf-8' ? `${side}.body` : null;

interface Properties {
  body: DecodedBody | null;
  message: Message;
  side: 'request' | 'response';
  search: string;
  name: string;
}

export function Body({ body, message, side, search, name }: Properties) {
  const [mode, setMode] = useState<Mode | null>(null);
  const text = body?.text ?? '';
  const operations = useMemo(() => (side === 'request' && text !== '' ? operationsOf(text, body?.content_type) : []), [text, side]);
  if (message.body.size === 0) return null;
  if (body === null || body.kind === 'empty')
    return <p class="note">{plural(message.body.size, 'byte')} of body, none of it kept{body === null ? ' or shown to you' : ''}.</p>;
  const modes = modesOf(body, operations.length > 0);
  const shown = mode !== null && modes.includes(mode) ? mode : (modes[0] ?? 'hex');
  const variable = variableOf(body, side);
  return (
    <section class="body">
      <header class="section-head">
        <h4>Body</h4>
        <span class="faint">{body.content_type}{body.content_type !== '' && ' · '}{bytes(message.body.size)}{body.encodings.length > 0 && ` · unpacked from ${body.encodings.join(', ')}`}</span>
        <span class="spacer" />
        <div class="segments" role="group" aria-label="Show the body as">
          {modes.map((each) => <button key={each} aria-pressed={each === shown} onClick={() => setMode(each)}>{kTitles[each]}</button>)}
        </div>
        <Copy text={() => (shown === 'json' ? prettyJson(text) : shown === 'graphql' ? operations.map((each) => each.text).join('\n\n') : shown === 'hex' ? body.hex : text || body.hex)} label="Copy the body" />
        <button class="quiet icon" title="Download the body" aria-label="Download the body" onClick={() => save(body, name)}><Icon name="download" /></button>
      </header>
      {notesOf(body, message).map((note) => <p class="note" key={note}>{note}</p>)}
      {shown === 'graphql' && <GraphqlView operations={operations} search={search} />}
      {shown === 'json' && <JsonView text={text} search={search} variable={variable} />}
      {shown === 'form' && <Pairs pairs={formPairs(text, variable)} search={search} />}
      {shown === 'text' && <pre class="code" tabIndex={0}><Marked text={text} search={search} /></pre>}
      {shown === 'protobuf' && <ProtobufView messages={body.messages ?? []} search={search} variable={variable} />}
      {shown === 'image' && <Picture body={body} />}
      {shown === 'hex' && <pre class="code is-hex" tabIndex={0}>{hexLines(body.hex).join('\n')}{body.hex_bytes < body.bytes ? `\n… ${plural(body.bytes - body.hex_bytes, 'byte')} more` : ''}</pre>}
    </section>
  );
}

function save(body: DecodedBody, name: string): void {
  const blob = body.text !== undefined ? new Blob([body.text], { type: 'text/plain' }) : new Blob([bytesOfHex(body.hex)], { type: 'application/octet-stream' });
  saveAs(blob, name + (body.kind === 'json' ? '.json' : body.text !== undefined ? '.txt' : '.bin'));
}

function Picture({ body }: { body: DecodedBody }) {
  const [url, setUrl] = useState('');
  useEffect(() => {
    const made = URL.createObjectURL(new Blob([bytesOfHex(body.hex)], { type: body.content_type }));
    setUrl(made);
    return () => URL.revokeObjectURL(made);
  }, [body]);
  if (body.hex_bytes < body.bytes || body.truncated) return <p class="note">The image is larger than what was kept; its beginning stands under Hex.</p>;
  return <div class="picture">{url !== '' && <img src={url} alt="The image that this body holds" />}</div>;
}

// Protobuf as the wire has it: numbers and types of fields; names where a descriptor set of the settings knows them.
import { Add } from '../filter/add';
import type { DecodedMessage, WireField } from '../api/types';
import { Copy } from '../shell/copy';
import { bytes } from '../text/format';
import { fits, Marked } from './search';

const kTypes: Record<string, string> = { varint: 'varint', fixed32: 'fixed 32', fixed64: 'fixed 64', text: 'text', message: 'message', bytes: 'bytes', group: 'group' };

function valueOf(field: WireField): string {
  if (field.text !== undefined) return field.text;
  if (field.shown !== undefined) return field.shown;
  if (field.value !== undefined) return field.value;
  if (field.hex !== undefined && field.hex !== '') return field.hex.replace(/(..)(?=.)/g, '$1 ');
  return field.bytes === undefined ? '' : bytes(field.bytes);
}

// A number's other meanings, since the wire does not tell which it is: zigzag (sint32, sint64), float, double.
export function readingsOf(field: WireField): { likely: string; all: string[] } {
  const all: string[] = [];
  if (field.signed !== undefined) all.push(`as sint: ${field.signed}`);
  if (field.shown !== undefined || field.value === undefined || !field.type.startsWith('fixed')) return { likely: '', all };
  const view = new DataView(new ArrayBuffer(8));
  view.setBigUint64(0, BigInt(field.value));
  const number = field.type === 'fixed32' ? view.getFloat32(4) : view.getFloat64(0);
  const text = `${field.type === 'fixed32' ? 'float' : 'double'} ${Number(number.toPrecision(field.type === 'fixed32' ? 7 : 15))}`;
  all.push(`as ${text}`);
  // What people send as floats has a usual size; other bits make numbers that nobody means.
  const size = Math.abs(number);
  return { likely: size === 0 || (size > 1e-6 && size < 1e12) ? text : '', all };
}

interface Properties {
  messages: DecodedMessage[];
  search: string;
  variable: string | null;
}

export function ProtobufView({ messages, search, variable }: Properties) {
  return (
    <div class="protobuf">
      {messages.map((message, i) => (
        <section key={i} class="wire-message">
          {(messages.length > 1 || message.message !== undefined) && (
            <h5>
              {messages.length > 1 ? `Message ${i + 1} of ${messages.length}` : message.message}
              {messages.length > 1 && message.message !== undefined && <span>{message.message}</span>} <span class="faint">{bytes(message.bytes)}{message.compressed ? ', packed' : ''}{message.cut ? ', cut' : ''}</span>
            </h5>
          )}
          {message.fields.length === 0 && <p class="faint wire-none">{message.bytes === 0 ? 'An empty message: every field has its default.' : 'No field could be read.'}</p>}
          {message.fields.map((field, k) => {
            const value = valueOf(field);
            const readings = readingsOf(field);
            const asked = field.text !== undefined && field.text !== '' && field.text.length < 400 ? field.text : '';
            const dim = search !== '' && !fits(value, search);
            return (
              <div key={k} class={`wire-field ${dim ? 'is-dim' : ''}`} style={{ '--depth': field.depth }}>
                <span class="wire-number">{field.number}</span>
                <span class="wire-type" title={field.name === undefined ? undefined : kTypes[field.type]}>
                  {field.name === undefined ? (kTypes[field.type] ?? field.type) : <><b>{field.name}</b> {field.declared}</>}
                </span>
                <span title={readings.all.join('\n') || undefined} class={`wire-value ${field.text !== undefined ? 'json-text' : field.value !== undefined ? 'json-number' : 'faint'}`}>
                  <Marked text={value} search={search} />
                  {readings.likely !== '' && <span class="faint"> {readings.likely}</span>}
                  <span class="pair-tools">
                    <Add term={variable === null || asked === '' ? null : { variable, value: asked, relation: 'within' }} />
                    {value !== '' && <Copy text={() => value} label={`Copy field ${field.number}`} />}
                  </span>
                </span>
              </div>
            );
          })}
          {message.whole === false && <p class="note">The rest could not be read as protobuf.</p>}
          {message.fields_over_limit && <p class="note">There are more fields than are shown.</p>}
        </section>
      ))}
      {messages.every((message) => message.message === undefined) && (
        <p class="faint wire-none">Numbers, as on the wire: names stand in the service’s .proto. A descriptor set of it (protobuf.descriptorSets) brings them here.</p>
      )}
    </div>
  );
}

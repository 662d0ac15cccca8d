// WebSockets in streams of one HTTP/2 connection (RFC 8441): node's http2 carries them, node's ws speaks them.
//   node ws_tunnel.mjs server HOST PORT
//   node ws_tunnel.mjs client HOST PORT ROUNDS    one line of JSON for each message that the client sent or received
import http2 from 'node:http2';
import { createRequire } from 'node:module';

const require = createRequire(import.meta.url);
const Receiver = require('/usr/share/nodejs/ws/lib/receiver.js');
const Sender = require('/usr/share/nodejs/ws/lib/sender.js');
const [role, host, port, rounds] = process.argv.slice(2);
const kTunnels = 3;

function serve() {
  const server = http2.createServer({ settings: { enableConnectProtocol: true } });
  server.on('stream', (stream, headers) => {
    if (headers[':protocol'] !== 'websocket') return stream.respond({ ':status': 204 }, { endStream: true });
    stream.respond({ ':status': 200, 'sec-websocket-protocol': 'chat' });
    const sender = new Sender(stream);
    const receiver = new Receiver({ isServer: true });
    receiver.on('message', (data, binary) => sender.send(data, { binary, fin: true, mask: false }));
    receiver.on('ping', (data) => sender.pong(data, false));
    receiver.on('conclude', (code, reason) => sender.close(code, reason, false, () => stream.end()));
    stream.pipe(receiver);
  });
  server.listen(Number(port), host);
}

// Sends one message and waits for what comes back; what both were is logged.
class Tunnel {
  constructor(stream) {
    this.stream = stream;
    this.id = stream.id;
    this.sender = new Sender(stream);
    this.receiver = new Receiver({ isServer: false });
    stream.pipe(this.receiver);
  }
  log(direction, type, payload, more = {}) {
    console.log(JSON.stringify({ stream: this.id, direction, type, length: payload.length, ...more }));
  }
  async echoed(data, binary) {
    const text = binary ? {} : { text: data.toString() };
    const back = new Promise((resolve) => this.receiver.once('message', resolve));
    this.sender.send(data, { binary, fin: true, mask: true });
    this.log('c2s', binary ? 'binary' : 'text', data, text);
    this.log('s2c', binary ? 'binary' : 'text', await back, text);
  }
  async ping() {
    const back = new Promise((resolve) => this.receiver.once('pong', resolve));
    this.sender.ping('ping', true);
    this.log('c2s', 'ping', 'ping');
    this.log('s2c', 'pong', await back);
  }
  async close() {
    const back = new Promise((resolve) => this.receiver.once('conclude', (code, reason) => resolve({ code, reason })));
    this.sender.close(1001, 'going away', true);
    const said = { close_code: 1001, close_reason: 'going away' };
    this.log('c2s', 'close', '00going away', said);
    const { code, reason } = await back;
    this.log('s2c', 'close', `00${reason}`, { close_code: code, close_reason: reason.toString() });
    this.stream.end();
    await new Promise((resolve) => this.stream.on('close', resolve));
  }
}

async function ask() {
  const session = http2.connect(`http://${host}:${port}`);
  await new Promise((resolve) => session.on('remoteSettings', (settings) => settings.enableConnectProtocol && resolve()));
  const open = () =>
    new Promise((resolve) => {
      const stream = session.request({ ':method': 'CONNECT', ':protocol': 'websocket', ':scheme': 'http', ':path': '/chat', ':authority': `${host}:${port}`,
        'sec-websocket-version': '13', 'sec-websocket-protocol': 'chat' }, { endStream: false });
      stream.on('response', () => resolve(new Tunnel(stream)));
    });
  const tunnels = await Promise.all(Array.from({ length: kTunnels }, open));
  await Promise.all(
    tunnels.map(async (tunnel, t) => {
      for (let n = 0; n < Number(rounds); ++n) {
        await tunnel.echoed(Buffer.from(`tunnel ${t}, round ${n}`), false);
        await tunnel.echoed(Buffer.alloc(n * 700 + 1, t), true); // also beyond a frame of HTTP/2
        if (n % 5 === 0) await tunnel.ping();
      }
      await tunnel.close();
    }),
  );
  session.close();
}

if (role === 'server') serve();
else await ask();

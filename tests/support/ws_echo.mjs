// An echo of WebSockets with node's ws: another hand than Python's on the same wire.
//   node ws_echo.mjs HOST PORT [takeover|fresh]
import { createRequire } from 'node:module';

const { WebSocketServer } = createRequire(import.meta.url)('/usr/share/nodejs/ws');
const [host, port, mode] = process.argv.slice(2);
const fresh = mode === 'fresh';
const server = new WebSocketServer({
  host,
  port: Number(port),
  handleProtocols: (asked) => [...asked][0],
  perMessageDeflate: { threshold: 0, serverNoContextTakeover: fresh, clientNoContextTakeover: fresh, serverMaxWindowBits: fresh ? 10 : 15 },
});
server.on('connection', (socket) => {
  socket.on('message', (data, isBinary) => {
    if (!isBinary && data.toString() === 'leave') socket.close(1011, 'as you wish');
    else socket.send(data, { binary: isBinary });
  });
});

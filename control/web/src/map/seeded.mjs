// A graph as large clusters have it, the same at each call: for the tests here and those in a browser, which load this file as it is.

const kSpaces = ['edge', 'shop', 'checkout', 'payments', 'catalogue', 'search', 'accounts', 'shipping', 'billing', 'messaging', 'analytics', 'platform'];
const kWords = ['gateway', 'api', 'worker', 'cache', 'index', 'ledger', 'router', 'session', 'pricing', 'inventory', 'notifier', 'scheduler', 'profile', 'recommendations', 'audit', 'export', 'reports', 'quota'];
const kProtocols = ['http', 'grpc', 'redis', 'postgresql', 'kafka'];

export function seededEdges(services, seed = 7) {
  let state = seed;
  const random = () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
  const among = (list) => list[Math.floor(random() * list.length)];
  const nodes = Array.from({ length: services }, (_, i) => {
    const namespace = kSpaces[Math.min(kSpaces.length - 1, Math.floor(kSpaces.length * random() ** 0.9))];
    return { kind: 'Deployment', name: `${namespace.slice(0, 6)}-${kWords[i % kWords.length]}-${i}`, namespace };
  });
  const edges = [];
  const add = (src, dst) => {
    const per_second = Math.round(10 ** (random() * 3.4)) / 4;
    const calls = Math.ceil(per_second * 300);
    const failing = random();
    const errors = failing < 0.05 ? Math.ceil(calls * (0.05 + random() * 0.15)) : failing < 0.2 ? Math.floor(calls * 0.004) : 0;
    const p50_us = Math.round(10 ** (2.5 + random() * 3));
    edges.push({ src, dst, protocol: among(kProtocols), calls, errors, timed: calls, per_second, p50_us, p95_us: p50_us * 4, p99_us: p50_us * 9, request_bytes: calls * 400, response_bytes: calls * 3_000 });
  };
  // Most are called from their own namespace, some from the one before; a few are known to everybody.
  nodes.forEach((node, i) => {
    const near = nodes.filter((each) => each !== node && each.namespace === node.namespace);
    const before = nodes.filter((each) => kSpaces.indexOf(each.namespace) === kSpaces.indexOf(node.namespace) - 1);
    add(among(random() < 0.7 && near.length > 0 ? near : before.length > 0 ? before : nodes), node);
    if (i % 3 === 0) add(node, among(nodes));
    if (i % 4 === 0) add(node, nodes[i % 5] ?? node);
  });
  return edges;
}

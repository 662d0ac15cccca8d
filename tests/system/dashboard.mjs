// What dashboard_test.py has a browser do: node dashboard.mjs WEB_FOLDER CHROMIUM URL. Each step tells its outcome as a line of
// JSON on the standard output; {"do": …} asks the test for something, which answers with a line of JSON. The last line says how
// many steps there were.
import { createRequire } from 'node:module';
import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';

const [, , web, chromium, url] = process.argv;
const require = createRequire(`${web}/`);
const { chromium: browsers } = require('playwright-core');
const axe = readFileSync(require.resolve('axe-core/axe.min.js'), 'utf8');
const kPatienceMs = 90_000; // machines may be slow; nothing waits longer than it must
const only = new RegExp(process.env.SPANLIGHT_STEPS ?? ''); // by hand: the steps whose names fit

const lines = createInterface({ input: process.stdin })[Symbol.asyncIterator]();
const say = (what) => process.stdout.write(`${JSON.stringify(what)}\n`);
async function want(what) {
  say({ do: what });
  return JSON.parse((await lines.next()).value);
}

const browser = await browsers.launch({
  executablePath: chromium,
  args: ['--headless=new', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
    '--disable-component-update', '--disable-sync'],
});
const complaints = []; // of the browser about the page: refused by the policy, uncaught
async function pageIn(options = {}) {
  const context = await browser.newContext({ viewport: { width: 1440, height: 900 }, colorScheme: 'light', acceptDownloads: true, permissions: ['clipboard-read', 'clipboard-write'], ...options });
  context.setDefaultTimeout(kPatienceMs);
  const made = await context.newPage();
  made.on('pageerror', (error) => complaints.push(error.message));
  made.on('console', (message) => {
    if (/Content.Security.Policy|Refused to/i.test(message.text())) complaints.push(message.text());
  });
  made.on('dialog', (dialog) => {
    complaints.push(`a dialog: ${dialog.message()}`);
    void dialog.dismiss();
  });
  return made;
}
const page = await pageIn();

let steps = 0;
async function step(name, run) {
  if (!only.test(name)) return;
  ++steps;
  const began = Date.now();
  try {
    await run();
    say({ step: name, ok: true, ms: Date.now() - began });
  } catch (error) {
    say({ step: name, ok: false, why: String(error.stack ?? error).slice(0, 2_000) });
  }
}
function expect(holds, what) {
  if (!holds) throw new Error(what);
}
async function until(condition, what) {
  const end = Date.now() + kPatienceMs;
  for (;;) {
    const found = await condition();
    if (found) return found;
    if (Date.now() > end) throw new Error(`in vain: ${typeof what === 'function' ? what() : what}`);
    await page.waitForTimeout(50);
  }
}
const rows = () => page.locator('.row');
const side = (name) => page.getByRole('region', { name, exact: true });
const parameter = (name) => new URL(page.url()).searchParams.get(name) ?? '';
const tab = (name) => page.getByRole('tab', { name });
async function writeFilter(text) {
  await page.locator('.table, .empty').first().waitFor();
  await page.locator('.cm-content').click();
  await page.keyboard.press('Control+A');
  await page.keyboard.press('Delete');
  await page.keyboard.insertText(text);
}
async function useFilter(text) {
  await writeFilter(text);
  await page.keyboard.press('Escape'); // a completion that may be open,
  await page.keyboard.press('Escape'); // then it leaves the filter
  await until(() => parameter('filter') === text, `the filter ${text} is in force`);
}
// Of the last minutes: nothing moves below the pointer.
async function goTo(filter, range = '5m') {
  await page.goto(`${url}/?range=${range}&filter=${encodeURIComponent(filter)}`);
  await rows().first().waitFor();
}
async function openCall(filter) {
  await goTo(filter);
  await rows().first().locator('.cell-line').click();
  await side('Request').waitFor();
}
async function faultsOf(which) {
  await which.evaluate(axe);
  const found = await which.evaluate(() => globalThis.axe.run(document, { resultTypes: ['violations'] }));
  return found.violations
    .filter((each) => each.impact === 'serious' || each.impact === 'critical')
    .map((each) => `${each.id}: ${each.nodes.slice(0, 3).map((node) => `${node.target} ${node.any[0]?.message ?? ''}`).join('; ')}`);
}
async function accessible(what, which = page) {
  const faults = await faultsOf(which);
  expect(faults.length === 0, `${what}:\n${faults.join('\n')}`);
}

await step('calls appear by themselves', async () => {
  await page.goto(url);
  await rows().filter({ hasText: '/ok/' }).first().waitFor();
});
await step('a pressed call is opened, though newer ones push it away before the button comes up', async () => {
  await page.evaluate(() => addEventListener('pointerdown', ({ target }) => (globalThis.pressed = target.closest('.row')), { once: true, capture: true }));
  await page.locator('.table-space').hover({ position: { x: 100, y: 10 } }); // the newest call, once what stands above it has its height
  await page.mouse.down();
  const [id, place] = await page.evaluate(() => [globalThis.pressed.dataset.id, globalThis.pressed.ariaRowIndex]);
  await until(() => page.evaluate((before) => globalThis.pressed.ariaRowIndex !== before, place), 'a newer call');
  await page.mouse.up();
  await until(() => parameter('call') === id, `the pressed call ${id}, not ${parameter('call')}`);
  await page.keyboard.press('Escape');
});
await step('a filter that is typed comes into force and into the address', async () => {
  await useFilter('status_code >= 500');
  await until(async () => (await rows().count()) > 0, 'calls that fit');
  const states = await page.locator('.cell-status').allInnerTexts();
  expect(states.length > 0 && states.every((text) => text === '503'), `not only 503: ${states}`);
});
await step('names and values complete themselves', async () => {
  await writeFilter('dst.serv');
  await page.locator('.cm-tooltip-autocomplete li', { hasText: 'dst.service.name' }).first().waitFor();
  await writeFilter('dst.service.name == "c');
  await page.locator('.cm-tooltip-autocomplete li', { hasText: 'cart' }).first().waitFor();
  await page.keyboard.press('Escape');
});
await step('a wrong filter is told where it is wrong, and mended with a click', async () => {
  await writeFilter('status_cod >= 500 && http ');
  await page.locator('.cm-lintRange-error').first().waitFor();
  await page.locator('.filter-fault button').click();
  await until(() => parameter('filter').startsWith('status_code >= 500'), 'the mended filter');
  await until(async () => (await page.locator('.filter-fault').count()) === 0, 'the fault is told no more');
});
await step('+ adds to the filter, with Alt it excludes', async () => {
  await useFilter('dst.namespace == "shop"');
  await page.keyboard.press('Space'); // the list must not move away below the pointer
  const cell = rows().filter({ hasText: '/broken' }).first().locator('.cell-status');
  const add = cell.locator('.add');
  // Rows take over elements until the list has come to rest: the pointer may have to follow, and the + goes where it is not.
  const pressAdd = (how) => until(async () => {
    await cell.hover();
    return (await add.count()) > 0 && add.click({ ...how, timeout: 5_000 }).then(() => true, () => false);
  }, 'a + beside the value that can be pressed');
  await pressAdd();
  await until(() => parameter('filter') === 'dst.namespace == "shop" && status_code == 503', 'the added term');
  await until(async () => (await rows().count()) > 0, 'calls that fit');
  await pressAdd({ modifiers: ['Alt'] });
  await until(() => parameter('filter') === 'dst.namespace == "shop" && status_code != 503', 'the excluded term');
});
await step('the keys do without a mouse', async () => {
  await goTo('');
  await until(async () => (await rows().count()) > 1, 'a call below the first one');  // they come one by one
  await page.keyboard.press('j');
  await until(() => parameter('call') !== '', 'j opens a call');
  const first = parameter('call');
  await page.keyboard.press('j');
  await until(() => parameter('call') !== first, 'j goes on');
  const names = ['time', 'protocol', 'method'];
  for (const _ of names) await page.keyboard.press('ArrowRight');
  await page.locator('.cell-method.is-at').waitFor();
  await page.keyboard.press('-');
  await until(() => /^method != "(GET|POST)"$/.test(parameter('filter')), 'a value is excluded by key');
  await page.keyboard.press('Escape');
  await until(async () => (await page.locator('.panel').count()) === 0, 'Escape closes');
  await page.keyboard.press('/');
  await page.locator('.cm-content:focus').waitFor();
  await page.keyboard.press('Escape');
});
await step('a row opens, shows both sides, and has a link of its own', async () => {
  await openCall('path == "/ok/1"');
  await side('Request').getByText('X-Secret').waitFor();
  await side('Request').getByText('[redacted]').waitFor();
  await side('Response').getByText('Content-Length').waitFor();
  const id = parameter('call');
  expect(/^[0-9a-f]{32}$/.test(id), `no call in the address: ${page.url()}`);
  await accessible('an open call');
  await page.getByRole('button', { name: 'Link' }).click();
  const link = await until(() => page.evaluate(() => navigator.clipboard.readText()), 'a link in the clipboard');
  expect(link === `${url}/call/${id}`, `the link is ${link}`);
  await page.goto(link);
  await page.locator('.panel h2', { hasText: '/ok/1' }).waitFor();
  await accessible('a call as a page');
  await page.goBack();
  await page.locator('.panel h2', { hasText: '/ok/1' }).waitFor();
  await page.keyboard.press('Escape');
  await until(async () => (await page.locator('.panel').count()) === 0, 'the call is closed');
});
await step('hostile paths, headers, cookies, bodies and names are text', async () => {
  await openCall('src.namespace == "guests" && path.contains("script")');
  await page.locator('.panel h2', { hasText: '<script>alert(1)</script>' }).waitFor();
  const hostile = '<img src=x onerror=alert(1)>';
  for (const name of ['Request', 'Response']) await side(name).locator('.pair', { hasText: 'X-Note' }).getByText(hostile).waitFor();
  await side('Request').locator('.pair', { hasText: 'name' }).filter({ hasText: hostile }).first().waitFor();
  await side('Request').getByText('<svg/onload=alert(1)>').first().waitFor();
  await side('Response').locator('.body', { hasText: hostile }).waitFor();
  await tab('Ends').click();
  await page.locator('.end h3', { hasText: hostile }).waitFor();
  await page.locator('.label', { hasText: hostile }).waitFor();
  await tab('JSON').click();
  await page.locator('.panel pre', { hasText: 'onerror' }).waitFor();
  await page.goto(`${url}/map`);
  await page.locator('.map-node', { hasText: '<img' }).waitFor();
  expect((await page.locator('script:not([src]), img[onerror], svg[onload], [onerror]').count()) === 0, 'an element came of traffic');
});
await step('+ stands beside cookies, parameters, and values of bodies', async () => {
  const add = async (filter, where, expected) => {
    await openCall(filter);
    const place = where();
    await place.hover();
    await place.locator('.add').first().click();
    await until(() => parameter('filter').endsWith(expected), `${expected} in ${parameter('filter')}`);
    await rows().first().waitFor();
    expect((await page.locator('.filter-fault').count()) === 0, `a fault in ${parameter('filter')}`);
  };
  const pair = (name, text) => () => side(name).locator('.pair', { hasText: text }).first();
  await add('path.contains("script")', pair('Request', 'café'), '&& query_string["q"] == "caf%C3%A9"');
  await add('path.contains("script")', pair('Request', 'dark'), '&& request.cookies["theme"] == "dark"');
  await add('path.contains("script")', pair('Response', 'basket'), '&& response.cookies["basket"] == "<b>7</b>"');
  await add('path == "/login"', pair('Request', 'anna'), '&& request.body.contains("user=anna")');
  await add('path == "/rpc"', () => side('Request').locator('.wire-field', { hasText: 'tea 1' }), '&& request.body.contains("tea 1")');
  await add('path == "/orders"', () => side('Request').locator('.json-line', { hasText: 'open' }), '&& request.body.contains("\\"status\\": \\"open\\"")');
});
await step('bodies are shown as what they are', async () => {
  await openCall('path == "/graphql"');
  await side('Request').locator('.graphql', { hasText: 'Basket' }).getByText('Variables').waitFor();
  expect((await side('Request').locator('.graphql pre').innerText()).includes('\n  basket(id: $id) {\n    id'), 'the operation is not indented');
  await openCall('path == "/rpc"');
  await side('Request').locator('.wire-field', { hasText: 'EUR' }).waitFor();
  expect(!(await side('Request').locator('.wire-message').innerText()).includes('currency'), 'a name that nobody gave');
  await side('Response').locator('.wire-message h5', { hasText: 'shop.Order' }).waitFor();
  await side('Response').locator('.wire-field', { hasText: 'currency' }).getByText('EUR').waitFor();
  await side('Response').locator('.wire-field', { hasText: 'weight' }).getByText('1.5').waitFor();
  await side('Request').locator('.wire-field', { hasText: 'float 1.5' }).waitFor();
  await side('Request').getByRole('button', { name: 'Hex' }).click();
  await side('Request').locator('.is-hex', { hasText: '000000' }).waitFor();
  await openCall('path == "/packed"');
  await side('Response').getByText('unpacked from gzip').waitFor();
  await side('Response').locator('.json', { hasText: '"items"' }).waitFor();
  await openCall('path == "/orders"');
  await side('Response').locator('.json', { hasText: '91234567890123456789' }).waitFor(); // no digit is lost
  await side('Request').locator('.json-fold').nth(1).click();
  await side('Request').locator('.json-hidden', { hasText: '3 lines' }).waitFor();
  await page.getByRole('searchbox', { name: 'Search in this call' }).fill('tea');
  await side('Request').locator('mark', { hasText: 'tea' }).waitFor();
});
await step('a call is copied as curl', async () => {
  await openCall('path == "/orders"');
  await page.getByRole('button', { name: 'curl' }).click();
  const text = await until(() => page.evaluate(() => navigator.clipboard.readText()), 'something in the clipboard');
  await until(async () => (await page.evaluate(() => navigator.clipboard.readText())).startsWith("curl http://shop/orders"), `curl in ${text}`);
});
await step('timing says what was measured and what was not', async () => {
  await openCall('path == "/ok/1"');
  await tab('Timing').click();
  for (const name of ['Handshake', 'Request', 'Wait', 'Response']) await page.locator('.phase', { hasText: name }).first().waitFor();
  await page.locator('.phase.is-wait b', { hasText: /µs|ms/ }).waitFor();
  await page.locator('.phase', { hasText: /not measured|byte/ }).first().waitFor();
});
await step('the calls before and after on the connection, and of the trace', async () => {
  await openCall('path == "/ok/1"');
  await tab('Connection').click();
  await page.locator('.connection-health').getByText(/not measured|healthy|trouble/).waitFor();
  await page.locator('.waterfall-row', { hasText: '/ok/2' }).click();
  await page.locator('.panel h2', { hasText: '/ok/2' }).waitFor();
  await openCall('path == "/hop/first"');
  await tab('Trace').click();
  await page.locator('.waterfall-row', { hasText: '/hop/second' }).first().click();
  await page.locator('.panel h2', { hasText: '/hop/second' }).waitFor();
  await tab('Exchange').click();
});
await step('packets are given', async () => {
  await openCall('path == "/ok/1"');
  const [file] = await Promise.all([page.waitForEvent('download'), page.getByRole('button', { name: 'pcap' }).click()]);
  expect(readFileSync(await file.path()).readUInt32LE(0) === 0x0a0d0d0a, 'no pcapng');
});
await step('dragging over the histogram looks closer', async () => {
  await page.goto(`${url}/?range=5m`);
  await rows().first().waitFor();
  const over = await page.locator('.histogram .u-over').boundingBox();
  await page.mouse.move(over.x + over.width * 0.4, over.y + 20);
  await page.mouse.down();
  await page.mouse.move(over.x + over.width - 3, over.y + 24, { steps: 8 });
  await page.mouse.up();
  await until(() => parameter('range').includes('..'), 'a range in the address');
  await rows().first().waitFor();
  await page.getByRole('button', { name: 'Look from further away' }).click();
  await rows().first().waitFor();
  await page.goBack();
  await page.goBack();
  await until(() => parameter('range') === '5m', 'back is the range before');
});
await step('exports are files of what fits the filter', async () => {
  await goTo('path == "/broken"');
  const fileOf = async (name) => {
    await page.getByRole('button', { name: 'Export' }).click();
    const [file] = await Promise.all([page.waitForEvent('download'), page.getByRole('button', { name }).click()]);
    return readFileSync(await file.path(), 'utf8');
  };
  const calls = (await fileOf(/^JSON/)).trim().split('\n').map((line) => JSON.parse(line));
  expect(calls.length > 0 && calls.every((call) => call.path === '/broken'), 'JSON lines');
  expect(/^[\w,]*status_code[\s\S]*\/broken/.test(await fileOf(/^CSV/)), 'CSV');
  const har = JSON.parse(await fileOf(/^HAR/));
  expect(har.log.entries.length > 0 && har.log.entries.every((entry) => entry.response.status === 503), 'HAR');
});
await step('columns are chosen, moved and sized, and stay so', async () => {
  await goTo('');
  const heads = () => page.locator('.head-cell').allInnerTexts();
  const before = await heads();
  await page.getByRole('button', { name: 'Columns' }).click();
  await page.getByRole('checkbox', { name: 'Sensor' }).check();
  await page.getByRole('checkbox', { name: 'Sent' }).uncheck();
  await page.getByRole('button', { name: 'Status further left' }).click();
  const grip = await page.locator('.head-cell', { hasText: 'Method' }).locator('.resize').boundingBox();
  await page.keyboard.press('Escape');
  await page.mouse.move(grip.x + 4, grip.y + 8);
  await page.mouse.down();
  await page.mouse.move(grip.x + 64, grip.y + 8, { steps: 4 });
  await page.mouse.up();
  const wide = (await page.locator('.head-cell', { hasText: 'Method' }).boundingBox()).width;
  await page.reload();
  await rows().first().waitFor();
  const after = await heads();
  expect(after.includes('Sensor') && !after.includes('Sent') && after.indexOf('Status') === before.indexOf('Status') - 1, `${before} became ${after}`);
  expect(Math.abs((await page.locator('.head-cell', { hasText: 'Method' }).boundingBox()).width - wide) < 2 && wide > 120, `a width of ${wide}`);
  await page.getByRole('button', { name: 'Columns' }).click();
  await page.getByRole('button', { name: 'As they were' }).click();
  await until(async () => String(await heads()) === String(before), 'as they were');
});
await step('filters are kept and used again', async () => {
  await goTo('path == "/ok/2"');
  const menu = page.getByRole('button', { name: 'Filters', exact: true });
  await menu.click();
  await page.getByRole('textbox', { name: 'Name for this filter' }).fill('My second');
  await page.getByRole('button', { name: 'Keep', exact: true }).click();
  await page.getByRole('button', { name: /^Errors/ }).click();
  await until(() => parameter('filter') === 'is_error', 'a preset filter');
  await page.reload();
  await menu.click();
  await page.getByRole('button', { name: /^My second/ }).click();
  await until(() => parameter('filter') === 'path == "/ok/2"', 'the kept filter');
});
await step('an empty list says why, and what next', async () => {
  await page.goto(`${url}/?filter=${encodeURIComponent('path == "/nobody-asks"')}`);
  await page.getByRole('heading', { name: 'No call fits the filter yet' }).waitFor();
  await page.getByRole('button', { name: 'Show everything' }).click();
  await rows().first().waitFor();
  await page.goto(`${url}/?range=2020-01-01T00:00:00.000Z..2020-01-01T01:00:00.000Z`);
  await page.getByRole('heading', { name: 'No calls in this time' }).waitFor();
  await accessible('an empty list');
  await page.getByRole('button', { name: 'Look at it live' }).click();
  await rows().first().waitFor();
});
await step('the map shows who calls whom, and leads to the calls', async () => {
  await page.keyboard.press('2');
  await page.locator('.map-node', { hasText: 'cart' }).click();
  await page.getByRole('button', { name: 'Calls to it' }).click();
  await until(() => parameter('filter').includes('dst.workload.name == "cart"'), 'the filter of a node');
  await rows().first().waitFor();
});
await step('health tells in one sentence', async () => {
  await page.keyboard.press('3');
  await page.locator('.verdict h1').waitFor();
  await page.locator('.sensor', { hasText: 'rack12' }).waitFor();
  await page.locator('.figures', { hasText: 'cart' }).waitFor();
});
await step('targets are tried before they are applied', async () => {
  // Who types before the first answer is there keeps what was typed.
  await page.route('**/api/targets', async (route) => (await page.waitForTimeout(1_500), route.continue()), { times: 1 });
  await page.keyboard.press('4');
  await page.getByLabel('Namespaces', { exact: false }).first().fill('shop');
  await page.getByRole('heading', { name: /It would be/ }).waitFor();
  expect((await want('targets')).namespaces.length === 0, 'a preview changes nothing');
  await page.getByRole('button', { name: 'Apply at once' }).click();
  await page.getByRole('status').filter({ hasText: 'In force.' }).waitFor();
  expect((await want('targets')).namespaces.join() === 'shop', 'the targets are in force');
  await page.getByRole('button', { name: 'Capture everything' }).click();
  await page.getByRole('button', { name: 'Apply at once' }).click();
  await page.getByRole('heading', { name: 'Everything is captured.' }).waitFor();
});
await step('the keys are told, and the theme changes', async () => {
  await page.keyboard.press('1');
  await rows().first().waitFor();
  await page.keyboard.press('?');
  await page.getByRole('dialog', { name: 'Keys' }).waitFor();
  await accessible('the keys');
  await page.keyboard.press('Escape');
  const theme = () => page.locator('html').getAttribute('data-theme');
  expect((await theme()) === 'light', 'light as the system is');
  await page.emulateMedia({ colorScheme: 'dark' });
  await until(async () => (await theme()) === 'dark', 'dark as the system is');
  await page.keyboard.press('t');
  await until(async () => (await theme()) === 'light', 'light as was chosen');
});
await step('nothing moves for those who want it so', async () => {
  await page.emulateMedia({ reducedMotion: 'reduce' });
  await page.goto(url);
  await page.locator('.dot.is-live').waitFor();
  const moving = await page.evaluate(() => document.getAnimations().filter((each) => each.playState === 'running').length);
  expect(moving === 0, `${moving} animations`);
  await page.emulateMedia({ reducedMotion: 'no-preference' });
});
for (const theme of ['dark', 'light'])
  await step(`no serious fault of accessibility, ${theme}`, async () => {
    if ((await page.locator('html').getAttribute('data-theme')) !== theme) await page.keyboard.press('t');
    for (const [key, mark] of [['1', '.row'], ['2', '.map-node'], ['3', '.key-p99'], ['4', '.targets-form']]) {
      await page.keyboard.press(key);
      await page.locator(mark).first().waitFor();
      await accessible(`view ${key}`);
    }
  });
await step('a map of 200 services is readable', async () => {
  const { seededEdges } = await import(`${web}/src/map/seeded.mjs`);
  const edges = seededEdges(200);
  await page.route('**/api/map?**', (route) => route.fulfill({ json: { edges, all: true, counted_live: true } }));
  await page.goto(`${url}/map`);
  await until(async () => (await page.locator('.map-node').count()) === 200, '200 nodes');
  const look = () => page.evaluate(() => {
    const boxes = [...document.querySelectorAll('.map-node > rect')].map((node) => node.getBoundingClientRect());
    const names = [...document.querySelectorAll('.map-node .map-name')];
    const place = document.querySelector('.map-drawing').getBoundingClientRect();
    const size = (text) => parseFloat(getComputedStyle(text).fontSize) * text.getScreenCTM().a;
    return {
      least: Math.min(...names.map(size)),
      outside: boxes.filter((box) => box.left < place.left || box.right > place.right || box.top < place.top || box.bottom > place.bottom).length,
      over: boxes.filter((a, i) => boxes.some((b, k) => k > i && a.left < b.right - 1 && b.left < a.right - 1 && a.top < b.bottom - 1 && b.top < a.bottom - 1)).length,
      wide: names.filter((name) => name.getBoundingClientRect().right > name.parentElement.querySelector('rect').getBoundingClientRect().right).length,
    };
  });
  let seen;
  const readable = () => seen.least >= 9 && seen.outside === 0 && seen.over === 0 && seen.wide === 0;
  await until(async () => ((seen = await look()), readable()), () => `${JSON.stringify(seen)}: names that can be read, nothing over another`);
  await page.locator('.map-node').nth(40).hover();
  await until(async () => (await page.locator('.map-node.is-dim').count()) > 150, 'the others step back');
  await page.mouse.move(5, 5);
  await page.locator('.map-group-head').first().click();
  await accessible('the large map');
  await page.unroute('**/api/map?**');
});
await step('a token is asked for, kept for the tab, and stands in no address', async () => {
  const strangers = await want('strangers');
  const other = await pageIn();
  const sent = [];
  other.on('request', (each) => sent.push(each.url()));
  await other.goto(strangers.url);
  const dialog = other.getByRole('dialog');
  await dialog.getByRole('heading', { name: 'Who are you?' }).waitFor();
  await accessible('the question for a token', other);
  await dialog.getByLabel('Token').fill('a wrong token');
  await other.keyboard.press('Enter');
  await dialog.getByRole('heading', { name: 'This token is not known' }).waitFor();
  await dialog.getByLabel('Token').fill(strangers.token);
  await other.keyboard.press('Enter');
  await other.getByRole('heading', { name: 'No sensor is set' }).waitFor();
  await other.reload();
  await other.getByRole('heading', { name: 'No sensor is set' }).waitFor();
  expect(sent.every((each) => !each.includes(strangers.token)), 'the token is in an address');
  expect(await other.evaluate(() => !JSON.stringify({ ...localStorage }).includes('token-of')), 'the token is kept beyond the tab');
  await other.getByRole('button', { name: 'You are anna' }).click();
  await other.getByRole('button', { name: 'Forget the token' }).click();
  await dialog.getByRole('heading', { name: 'Who are you?' }).waitFor();
  await other.context().close();
});
await step('it comes back when the control process was started anew', async () => {
  await page.goto(`${url}/`);
  await rows().first().waitFor();
  await want('restart');
  await until(async () => !/Connecting|broke/.test(await page.locator('.calls-bar .state').innerText()), 'connected again');
  await want('mark');
  await rows().filter({ hasText: '/after-the-restart' }).first().waitFor();
});
await step('the browser had nothing to complain of', async () => expect(complaints.length === 0, complaints.join('\n')));
await browser.close();
say({ steps });
process.exit(0);

// What take.py has a browser do: node take.mjs CHROMIUM URL FOLDER readme|all [VIEWS], the last a pattern of their names.
import { createRequire } from 'node:module';

const [, , executablePath, url, folder, which, only = ''] = process.argv;
const { chromium } = createRequire(import.meta.url)('playwright-core');
const browser = await chromium.launch({ executablePath, args: ['--headless=new', '--no-sandbox', '--disable-gpu', '--no-first-run', '--disable-background-networking', '--hide-scrollbars'] });

async function pageOf(theme, width, height) {
  const context = await browser.newContext({ viewport: { width, height }, colorScheme: theme, reducedMotion: 'reduce' });
  context.setDefaultTimeout(60_000);
  return context.newPage();
}
const rest = (page) => page.evaluate(() => document.fonts.ready.then(() => new Promise((ready) => requestAnimationFrame(() => requestAnimationFrame(ready)))));

async function open(page, filter, tab) {
  await page.goto(`${url}/?range=5m&filter=${encodeURIComponent(filter)}`);
  await page.locator('.row').first().waitFor();
  await page.locator('.row').nth(1).locator('.cell-line').click();
  await page.locator('.side').first().waitFor();
  if (tab) await page.getByRole('tab', { name: tab }).click();
}

const views = {
  calls: async (page) => {
    await page.goto(`${url}/`);
    await page.locator('.row').nth(20).waitFor();
    await page.keyboard.press('Space');
  },
  'calls-hover': async (page) => {
    await page.goto(`${url}/?range=5m&filter=${encodeURIComponent('is_error')}`);
    await page.locator('.row').first().waitFor();
    await page.locator('.row').nth(2).locator('.cell-status').hover();
  },
  completion: async (page) => {
    await page.goto(`${url}/`);
    await page.locator('.row').first().waitFor();
    await page.locator('.cm-content').click();
    await page.keyboard.insertText('http && dst.serv');
    await page.keyboard.press('Control+Space');
    await page.locator('.cm-tooltip-autocomplete li').first().waitFor();
  },
  fault: async (page) => {
    await page.goto(`${url}/`);
    await page.locator('.row').first().waitFor();
    await page.locator('.cm-content').click();
    await page.keyboard.insertText('status_cod >= 500 ');
    await page.locator('.filter-fault').waitFor();
  },
  call: (page) => open(page, 'path == "/checkout"'),
  'call-graphql': (page) => open(page, 'path == "/graphql"'),
  'call-form': (page) => open(page, 'path == "/login" && status_code == 302'),
  'call-protobuf': (page) => open(page, 'path == "/charge.pb" && status_code < 400'),
  'call-image': (page) => open(page, 'path == "/static/logo.png"'),
  'call-gzip': (page) => open(page, 'path == "/items" && src.name != "" && dst.service.name == "storefront"'),
  'call-timing': (page) => open(page, 'path == "/checkout"', 'Timing'),
  'call-ends': (page) => open(page, 'path == "/checkout"', 'Ends'),
  'call-connection': async (page) => {
    await open(page, 'path == "/orders"', 'Connection');
    await page.locator('.waterfall-row').first().waitFor();
  },
  'call-trace': async (page) => {
    await open(page, 'path == "/checkout"', 'Trace');
    await page.locator('.waterfall-row').first().waitFor();
  },
  'call-json': (page) => open(page, 'path == "/checkout"', 'JSON'),
  'call-alone': async (page) => {
    await open(page, 'path == "/checkout"');
    await page.getByRole('button', { name: 'As a page of its own' }).click();
    await page.locator('.panel.is-alone .side').first().waitFor();
  },
  map: async (page) => {
    await page.goto(`${url}/map`);
    await page.locator('.map-node').nth(8).waitFor();
  },
  'map-chosen': async (page) => {
    await page.goto(`${url}/map`);
    await page.locator('.map-node', { hasText: 'payments' }).click();
    await page.locator('.map-side').waitFor();
  },
  'map-boxes': async (page) => {
    await page.goto(`${url}/map`);
    await page.locator('.map-node').nth(8).waitFor();
    await page.getByRole('button', { name: 'By namespace' }).click();
    await page.locator('.map-group').first().waitFor();
  },
  // 200 services are more than one machine has: the seeded ones.
  'map-200': async (page) => {
    const { seededEdges } = await import('../src/map/seeded.mjs');
    await page.route('**/api/map?**', (route) => route.fulfill({ json: { edges: seededEdges(200), all: true, counted_live: true } }));
    await page.goto(`${url}/map`);
    await page.locator('.map-node').nth(199).waitFor();
  },
  'map-200-hover': async (page) => {
    await page.goto(`${url}/map`);
    await page.locator('.map-node').nth(199).waitFor();
    await page.locator('.map-node', { hasText: 'shop-' }).nth(3).hover();
    await page.locator('.map-node.is-dim').first().waitFor();
    await page.unroute('**/api/map?**');
  },
  health: async (page) => {
    await page.goto(`${url}/health?range=5m`);
    await page.locator('.figures tbody tr').nth(6).waitFor();
    await page.locator('.charts canvas').first().waitFor();
  },
  targets: async (page) => {
    await page.goto(`${url}/targets`);
    await page.locator('.targets-form input').first().fill('shop billing');
    await page.getByRole('heading', { name: /It would be/ }).waitFor();
  },
  empty: async (page) => {
    await page.goto(`${url}/?filter=${encodeURIComponent('path == "/nobody"')}`);
    await page.locator('.empty h2').waitFor();
  },
  keys: async (page) => {
    await page.goto(`${url}/`);
    await page.locator('.row').first().waitFor();
    await page.keyboard.press('?');
    await page.locator('dialog.help[open]').waitFor();
  },
  filters: async (page) => {
    await page.goto(`${url}/`);
    await page.locator('.row').first().waitFor();
    await page.getByRole('button', { name: 'Filters', exact: true }).click();
  },
  columns: async (page) => {
    await page.goto(`${url}/`);
    await page.locator('.row').first().waitFor();
    await page.getByRole('button', { name: 'Columns', exact: true }).click();
  },
};

const readme = { calls: ['light', 'calls'], call: ['dark', 'call-trace'], map: ['light', 'map'] };
if (which === 'readme')
  for (const [name, [theme, view]] of Object.entries(readme)) {
    const page = await pageOf(theme, 1280, 720);
    await views[view](page);
    await rest(page);
    await page.screenshot({ path: `${folder}/${name}.png` });
  }
else
  for (const theme of ['light', 'dark'])
    for (const [width, height] of [[1440, 900], [1024, 700]]) {
      const page = await pageOf(theme, width, height);
      for (const [name, look] of Object.entries(views).filter(([name]) => new RegExp(only).test(name)))
        try {
          await look(page);
          await rest(page);
          await page.screenshot({ path: `${folder}/${name}-${theme}-${width}.png` });
        } catch (error) {
          console.error(`${name}, ${theme}, ${width}: ${error.message.split('\n')[0]}`);
          process.exitCode = 1;
        }
      await page.context().close();
    }
await browser.close();

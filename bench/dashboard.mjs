// What dashboard.py has a browser measure: node dashboard.mjs WEB_FOLDER CHROMIUM URL SECONDS. One JSON object on the standard output.
import { createRequire } from 'node:module';

const [, , web, executablePath, url, seconds] = process.argv;
const { chromium } = createRequire(`${web}/`)('playwright-core');
const browser = await chromium.launch({ executablePath, args: ['--headless=new', '--no-sandbox', '--disable-gpu', '--no-first-run', '--disable-background-networking', '--enable-precise-memory-info'] });
const context = await browser.newContext({ viewport: { width: 1440, height: 900 } });
context.setDefaultTimeout(120_000);
const second = 1_000;

// Long tasks from the very beginning, and when the first rows stand there.
await context.addInitScript(() => {
  globalThis.longTasks = [];
  new PerformanceObserver((list) => {
    for (const entry of list.getEntries()) globalThis.longTasks.push({ at: entry.startTime, ms: entry.duration });
  }).observe({ type: 'longtask', buffered: true });
  const look = () => {
    if (document.querySelectorAll('.row').length > 20 && document.querySelector('.cm-content') !== null) globalThis.usableAt = performance.now();
    else requestAnimationFrame(look);
  };
  requestAnimationFrame(look);
});

async function firstView() {
  const page = await context.newPage();
  await page.goto(url);
  const ms = await page.waitForFunction(() => globalThis.usableAt).then((handle) => handle.jsonValue());
  return { page, ms };
}

// The first load brings files from the disk's cold side; the median of five is what people meet.
const views = [];
for (let i = 0; i < 5; ++i) {
  const { page, ms } = await firstView();
  views.push(ms);
  await page.close();
}
const { page } = await firstView();
const session = await context.newCDPSession(page);
async function heapMb() {
  await session.send('HeapProfiler.collectGarbage');
  const { usedSize } = await session.send('Runtime.getHeapUsage');
  return usedSize / 1e6;
}

await page.evaluate(() => (globalThis.longTasks.length = 0));
await page.waitForTimeout((seconds * second) / 3);
const third = await heapMb();
await page.waitForTimeout((2 * seconds * second) / 3);
const whole = await heapMb();
const tasks = (await page.evaluate(() => globalThis.longTasks.map((each) => each.ms))).sort((a, b) => a - b);
const told = parseFloat((await page.locator('.calls-bar .state b').innerText()).replace(/[^\d.]/g, ''));

// Scrolling while calls come: the wheel turns a little each frame, up and down through thousands of rows. Nothing is asked of the page
// meanwhile, since every question would have it laid out once more.
const frames = await page.evaluate(async () => {
  const table = document.querySelector('.table');
  const times = [];
  let before = await new Promise(requestAnimationFrame);
  const most = table.scrollHeight - table.clientHeight;
  let top = table.scrollTop;
  let step = 90;
  for (const end = before + 8_000; before < end; ) {
    if (top + step > most || top + step < 0) step = -step;
    table.scrollTop = top += step;
    const now = await new Promise(requestAnimationFrame);
    times.push(now - before);
    before = now;
  }
  return times;
});
frames.sort((a, b) => a - b);
const of = (list, share) => list[Math.min(list.length - 1, Math.floor(list.length * share))] ?? 0;
process.stdout.write(JSON.stringify({
  browser: `Chromium ${browser.version()}`,
  told,
  first_view_ms: of(views.sort((a, b) => a - b), 0.5),
  long_tasks: tasks.length,
  long_p95_ms: of(tasks, 0.95),
  long_most_ms: tasks[tasks.length - 1] ?? 0,
  heap_mb: [third, whole],
  scroll_fps: (second * frames.length) / frames.reduce((sum, ms) => sum + ms, 0),
  scroll_p99_ms: of(frames, 0.99),
}));
await browser.close();

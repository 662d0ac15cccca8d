// Away from the page's thread, since 200 services take a while.
import type { LayoutQuestion } from './measures';
import { placed } from './place';

self.onmessage = (event: MessageEvent<LayoutQuestion>) => self.postMessage(placed(event.data));

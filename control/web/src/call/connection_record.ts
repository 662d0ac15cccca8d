// The record of a call's connection is asked for where it is shown; sensors that write none leave it empty.
import { useEffect, useState } from 'preact/hooks';
import { ask, isAbort } from '../api/request';
import type { Call } from '../api/types';
import { isConnection } from './connection';

const kAroundMs = 24 * 3_600_000; // a connection's record stands at its beginning or its end

export function useConnection(call: Call): { record: Call | null; asking: boolean } {
  const [found, setFound] = useState<{ of: string; record: Call | null } | null>(null);
  const own = isConnection(call) ? call : null;
  useEffect(() => {
    if (own !== null || call.conn_id === undefined) return;
    const stop = new AbortController();
    const at = Date.parse(call.timestamp ?? call.response_timestamp ?? '');
    const question = {
      filter: `conn_id == "${call.conn_id}" && (conn || flow)`,
      since: new Date(at - kAroundMs).toISOString(),
      until: new Date(Math.min(at + kAroundMs, Date.now() + 60_000)).toISOString(),
      payloads: true,
      limit: 1,
    };
    ask<{ calls: Call[] }>('/api/calls', question, stop.signal).then(
      (page) => setFound({ of: call.id, record: page.calls[0] ?? null }),
      // Who may not see fields, and stores that are away, have none to show: that is said as "not measured".
      (error: unknown) => !isAbort(error) && setFound({ of: call.id, record: null }),
    );
    return () => stop.abort();
  }, [call.id]);
  if (own !== null || call.conn_id === undefined) return { record: own, asking: false };
  return found?.of === call.id ? { record: found.record, asking: false } : { record: null, asking: true };
}
